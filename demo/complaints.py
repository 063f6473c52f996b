"""Invented complaints for a demonstration without a file: texts, set at places of the city.

The people are invented, the streets are the pack's, and the places are generic.
"""

from random import Random
from typing import NamedTuple

from demo.filing import Filing
from domain.pack.pack import Pack
from domain.ticket.complaint import Channel, Kind

C, H, A, R, S, P = (
    Kind.CONSULTATION,
    Kind.HELP,
    Kind.COMPLAINT,
    Kind.REPORT,
    Kind.SUGGESTION,
    Kind.PRAISE,
)


class Text(NamedTuple):
    """A complaint text. `concluded`: the desk's outcome if it is unclear or inadmissible."""

    kind: Kind
    title: str
    text: str
    concluded: str | None = None


TEXTS = (
    # --- streets and roads
    Text(A, "{place}路灯不亮", "{at}连着五盏路灯不亮已经一周，晚上出行看不清路。"),
    Text(A, "{place}路面坑洼", "{at}路面破损，坑洼积了水，电动车经常摔倒，请尽快修补。"),
    Text(H, "井盖松动", "{at}机动车道上一个井盖松动，车一过就响，夜里吵得睡不着。"),
    Text(H, "井盖丢失，十分危险", "{at}便道上井盖缺失，旁边没有任何遮挡，老人孩子天天走。"),
    Text(S, "建议增设人行横道", "{at}过马路要绕很远，建议增设红绿灯和斑马线，方便学生上下学。"),
    Text(A, "断头路何时打通", "{at}前面的断头路停工两年了，请问什么时候恢复道路施工、打通道路？"),
    Text(A, "共享单车堆放", "{at}共享单车乱停乱放，单车堆放占满盲道，轮椅过不去。"),
    Text(R, "车辆乱停", "{at}每天晚上都有违法停车，车辆乱停把出口堵死，消防车根本进不来。"),
    Text(A, "停车收费太高", "{at}停车场停车收费没有公示，停一小时要二十元，请核查。"),
    Text(S, "公交班次太少", "{at}早高峰公交要等四十分钟，建议公交线路加密班次。"),
    # --- rubbish, water, air
    Text(A, "垃圾没人清运", "{at}垃圾桶满溢三天没人清运，苍蝇乱飞，气味很大。"),
    Text(R, "有人偷倒渣土", "凌晨有大车在{at}偷倒渣土，建筑垃圾堆成了小山，请查处。"),
    Text(A, "河水发黑发臭", "{at}旁边的河水发黑发臭，夏天不敢开窗，请尽快治理黑臭水体。"),
    Text(R, "夜里偷排污水", "{at}附近有厂子夜里偷排，排污口流出白色废水。"),
    Text(A, "污水井往外冒", "{at}污水井外溢，粪水流到马路上，请马上来人疏通下水道。"),
    Text(A, "下雨就积水", "{at}一下雨就积水没过脚踝，雨水口堵了没人清。"),
    Text(A, "工地夜间施工", "{at}旁的工地噪音很大，夜间施工到凌晨两点，孩子没法睡觉。"),
    Text(A, "广场舞音响扰民", "{at}每晚广场舞音响开到十点半，噪音扰民，劝了不听。"),
    Text(A, "饭馆油烟", "{at}楼下饭馆油烟扰民，排烟口正对着居民窗户。"),
    Text(R, "露天焚烧", "{at}有人烧垃圾，每天傍晚焚烧一大堆，烟飘进小区。"),
    Text(A, "裸土扬尘", "{at}工程停了，大片裸土没有苫盖，一刮风扬尘满天。"),
    # --- home
    Text(A, "家里不热", "{at}小区供暖一周了，家里不热，室温只有十五度，家里有老人。"),
    Text(H, "停水没有通知", "{at}小区从早上停水到现在，没有任何通知，什么时候恢复？"),
    Text(H, "楼里停电", "{at}三号楼又停电了，一天跳闸好几次，冰箱里的东西都坏了。"),
    Text(A, "自来水发黄", "{at}小区自来水发黄，放十分钟还是浑的，能不能喝？"),
    Text(H, "楼道有燃气味", "{at}二单元楼道里有很浓的燃气味，怀疑燃气泄漏，请马上派人！"),
    Text(A, "电梯又坏了", "{at}小区电梯故障一个月修了四次，高层老人下不了楼。"),
    Text(H, "外墙脱落", "{at}楼房外墙脱落，碎块掉在人行道上，差点砸到人。"),
    Text(A, "屋顶漏雨", "{at}小区顶层漏雨两年，维修资金一直批不下来，屋顶漏得没法住。"),
    Text(A, "物业不作为", "{at}小区物业费年年涨，门禁坏了半年，物业不管。"),
    Text(C, "老旧小区加装电梯", "{at}小区想加装电梯，老旧小区改造政策怎么申请，需要多少户同意？"),
    Text(R, "楼道飞线充电", "{at}有人从四楼飞线充电，电动车上楼，存在火灾隐患。"),
    Text(R, "群租房", "{at}一套两居室打隔断住了十二个人，群租房天天吵闹。"),
    # --- work, school, health, shopping
    Text(H, "拖欠工资", "在{at}的工地干了三个月，老板拖欠工资，二十多个农民工工资都没发。"),
    Text(C, "社保怎么转", "请问社保从外地转到本区，养老金年限怎么合并，在{street}哪里办？"),
    Text(C, "孩子入学", "户口在{street}，明年孩子幼升小，入学登记需要准备哪些材料？"),
    Text(A, "培训班不退费", "{at}的培训机构关门了，培训班退课不给钱，打电话不接。"),
    Text(A, "健身卡退款", "在{at}办的健身卡，店搬走了，商家不给退款。"),
    Text(R, "外卖吃出异物", "在{at}一家店点的外卖吃出异物，店里卫生很差，要求查食品安全。"),
    Text(H, "老年餐什么时候恢复", "{street}养老驿站停了老年餐，独居老人吃饭成了难题，请帮助协调。"),
    Text(A, "流浪狗成群", "{at}流浪狗成群，早晚追人，孩子不敢出门遛弯。"),
    Text(A, "树枝挡住窗户", "{at}树木多年没有修剪，树枝伸进三楼窗户。"),
    Text(S, "公园增加座椅", "{at}公园座椅太少，建议增加公园设施，让老人有地方歇脚。"),
    Text(P, "表扬社区工作者", "表扬{street}社区的同志，暴雨天帮我们转移老人，非常感谢，想送锦旗。"),
    # --- unclear to automatic triage
    Text(A, "", "你们到底管不管？都反映过三次了，每次都说已经转办，到现在没人来看过！"),
    Text(A, "还是上次那个事", "就是{place}那个事，上次来的人看了一眼就走了，现在比原来还严重。"),
    Text(H, "请帮忙", "家门口这个情况越来越严重，一家人都受影响，希望有人来看看。"),
    Text(A, "太吵了", "{place}天天闹到半夜，不知道是哪家，打过电话也没用。"),
    Text(C, "什么时候上班", "请问大厅周末开门吗，中午休息不休息？", "answered"),
    Text(C, "查询电话", "想问一下{street}便民大厅的电话和地址。", "answered"),
    Text(R, "有人打架", "{place}有两伙人打起来了，手里拿着家伙！", "referred"),
    Text(A, "不服判决", "案子一审判了我不服，你们给我改过来。", "declined"),
)  # fmt: skip

PLACES = (
    "东门", "西门", "菜市场门口", "小学门口", "社区服务站旁", "地铁站出口", "文化广场",
    "卫生院对面", "十字路口东北角", "桥头", "村口", "健身园", "一号院南侧", "幼儿园西侧",
)  # fmt: skip

CHANNELS = (
    (Channel.HOTLINE, 45),
    (Channel.WEB, 15),
    (Channel.WECHAT, 15),
    (Channel.APP, 12),
    (Channel.GRID, 6),
    (Channel.PART_TIME_GRID, 3),
    (Channel.OFFLINE, 2),
    (Channel.SENSOR, 1),
    (Channel.OTHER, 1),
)

_ANONYMOUS = 0.3
_TELLS_STREET = 0.8


def own_filing(pack: Pack, index: int, dice: Random) -> Filing:
    """Return the `index`th complaint; all texts are used once before any is repeated."""
    text = TEXTS[index * _STRIDE % len(TEXTS)]
    street = dice.choice(pack.streets) if pack.streets else None
    place = dice.choice(PLACES)
    name = street.name if street else ""
    words = {"street": name, "place": place, "at": f"{name}{place}"}
    channels, weights = zip(*CHANNELS, strict=True)
    anonymous = dice.random() < _ANONYMOUS
    exact = street is not None and dice.random() < _TELLS_STREET
    return Filing(
        kind=text.kind,
        channel=dice.choices(channels, weights)[0],
        title=text.title.format(**words),
        text=text.text.format(**words),
        anonymous=anonymous,
        area=street.area if exact and street else None,
        address=words["at"] if exact else "",
        # No subscriber's number begins like this.
        phone=None if anonymous else f"010-000{dice.randrange(10_000, 100_000)}",
        concluded=text.concluded,
    )


_STRIDE = 23
"""Coprime to the number of texts, so that neighbours in the list are not filed in a row."""
