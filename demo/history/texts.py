"""Complaints of a simulated history: texts with places for what differs, all invented.

`{at}` is a street with a place in it, `{street}` the street alone; the rest is drawn by `told`:
days, hours, floors, numbers of buildings. Each of them appears as citizens and operators write.
"""

from random import Random
from typing import NamedTuple

from demo.complaints import PLACES, TEXTS, Text
from domain.ticket.complaint import Kind

C, H, A, R, S, P = (
    Kind.CONSULTATION,
    Kind.HELP,
    Kind.COMPLAINT,
    Kind.REPORT,
    Kind.SUGGESTION,
    Kind.PRAISE,
)

LONGER = (
    Text(
        A,
        "{at}垃圾桶满溢",
        "市民来电反映：{at}的垃圾桶已经{days}天没人清运，垃圾堆到了路边，{time}气味特别大"
        "，苍蝇蚊子很多，要求尽快清理并固定清运时间。",
    ),
    Text(
        A,
        "{at}建筑垃圾堆放",
        "{at}{n}号楼旁边有人装修，装修垃圾堆了{days}天，把消防通道占了一半，联系物业说不归"
        "他们管，请相关部门清走。",
    ),
    Text(
        A,
        "{at}占道经营",
        "{at}每天{time}都有流动摊贩占道经营，油污满地，行人只能走机动车道，{days}天前反映"
        "过一次，管了一天又回来了。",
    ),
    Text(
        A,
        "{at}违法建设",
        "{at}{n}号院{floor}层住户私搭乱建，在公共平台上违规加盖了一间房，影响楼下采光和安"
        "全，要求核实并拆除。",
    ),
    Text(
        A,
        "{at}公厕脏",
        "{at}的公共厕所{days}天没有打扫，地面全是水，冲水阀坏了两个，里面没有照明，老人上"
        "厕所不安全。",
    ),
    Text(
        A,
        "{at}路灯不亮",
        "{at}到{n}号楼之间的路灯从{days}天前开始不亮，{time}这段路完全看不见，孩子下晚自习"
        "要打手电，请尽快维修。",
    ),
    Text(
        A,
        "{at}路面坑洼",
        "{at}路面破损严重，有一个{n}厘米深的坑，下雨后看不见，{days}天里已经有两辆电动自行"
        "车摔倒，请先设置警示再修补。",
    ),
    Text(
        H,
        "{at}井盖松动",
        "{at}人行道上有一个井盖松动，踩上去会翘起来，{time}人多，担心有人掉进去，希望今天"
        "就有人来处理。",
    ),
    Text(
        A,
        "{at}共享单车",
        "{at}的共享单车乱停，{time}堆了上百辆，盲道和坡道全被占，轮椅和婴儿车过不去，企业"
        "客服说{days}天内清理，到现在没动。",
    ),
    Text(
        A,
        "{at}车辆乱停",
        "{at}{time}违法停车严重，两侧都停满了，{n}号楼门口的消防通道也被占，打过{days}次电"
        "话没有改善。",
    ),
    Text(
        A,
        "{at}停车收费",
        "{at}停车场没有明码标价，停了不到{n}分钟收了三十元，要求查看收费标准并退还多收的停车收费。",
    ),
    Text(
        S,
        "{at}公交线路",
        "{at}的公交线路{time}二十多分钟一班，学生和上班的人都挤不上去，建议加密班次或者增"
        "加区间车。",
    ),
    Text(
        A,
        "{at}河水发黑",
        "{at}旁边的河水发黑发臭，{days}天前下过雨以后更严重，水面上漂着白沫，{n}号楼的住户"
        "不敢开窗，请检查是否有人偷排。",
    ),
    Text(
        A,
        "{at}河道垃圾",
        "{at}桥下河面漂浮物很多，有塑料袋和树枝，{days}天没有人打捞，靠近拦水坝的地方已经"
        "堆成一片，影响水质。",
    ),
    Text(
        A,
        "{at}下水道外溢",
        "{at}{n}号楼前的污水井外溢，粪水流到健身区，{days}天里疏通过一次，{time}又冒出来，"
        "要求彻底解决管道堵塞。",
    ),
    Text(
        A,
        "{at}下雨积水",
        "{at}一下雨就积水，最深的地方没过膝盖，{n}号楼地下室进了水，已经是今年第三次，请疏"
        "通雨水口并说明整改时间。",
    ),
    Text(
        A,
        "{at}夜间施工",
        "{at}旁边的工地夜间施工，{time}还在打桩和卸料，噪音很大，家里有高考的孩子，{days}"
        "天都没睡好，要求查处并公示施工许可。",
    ),
    Text(
        A,
        "{at}广场舞噪音",
        "{at}{time}跳广场舞，音响开得很大，{n}号楼关上窗都能听见，劝过几次没用，希望限制时"
        "间和音量。",
    ),
    Text(
        A,
        "{at}油烟扰民",
        "{at}{n}号楼一层新开的饭馆油烟扰民，排烟口对着居民窗户，{time}屋里全是味道，没有看"
        "到油烟净化设备，请查一下有没有手续。",
    ),
    Text(
        R,
        "{at}露天焚烧",
        "{at}有人{time}焚烧落叶和垃圾，烟很大，{n}号楼的老人咳嗽不止，已经连续{days}天，请制止。",
    ),
    Text(
        A,
        "{at}工地扬尘",
        "{at}的工地裸土没有苫盖，渣土车不冲洗就上路，扬尘很大，晾的衣服都是土，{days}天没"
        "有见到洒水。",
    ),
    Text(
        A,
        "{at}家里不热",
        "{at}{n}号楼{floor}层家里不热，室温只有十六度，家里有{days}个月大的孩子和老人，供"
        "暖公司来放过一次气，没有效果，请派人测温并解决。",
    ),
    Text(
        A,
        "{at}供暖不稳定",
        "{at}小区供暖白天热{time}凉，{n}号楼好几户都这样，已经{days}天，打换热站电话没人接"
        "，要求说明原因并退还相应供暖费。",
    ),
    Text(
        H,
        "{at}停水",
        "{at}{n}号楼从{time}开始停水，没有接到任何通知，家里有病人要用水，请问什么时候恢复"
        "供水，有没有临时送水点？",
    ),
    Text(
        H,
        "{at}停电",
        "{at}{n}号楼又停电了，{days}天里跳闸四次，电梯停在{floor}层，冰箱里的药要冷藏，请"
        "马上抢修。",
    ),
    Text(
        A,
        "{at}自来水发黄",
        "{at}{n}号楼的自来水发黄，放了{days}分钟还是浑的，水垢很多，要求检测水质并公布结果"
        "，二次供水水箱多久没洗了？",
    ),
    Text(
        A,
        "{at}电梯故障",
        "{at}{n}号楼的电梯故障，{days}天困人两次，{floor}层的老人下不了楼，物业说没有维修"
        "资金，要求尽快修好并公示检验报告。",
    ),
    Text(
        H,
        "{at}外墙脱落",
        "{at}{n}号楼外墙皮脱落，{floor}层以上有大块鼓起，下面是幼儿园的必经路，请先围挡再维修。",
    ),
    Text(
        A,
        "{at}屋顶漏雨",
        "{at}{n}号楼顶层漏雨，屋顶防水坏了，{days}天前下雨家里接了三盆水，申请维修资金一年"
        "没有下文。",
    ),
    Text(
        A,
        "{at}物业不作为",
        "{at}小区物业收了物业费不服务，{n}号楼单元门坏了{days}天，楼道灯不亮，绿化没人剪，"
        "打电话就说登记了。",
    ),
    Text(
        C,
        "{street}加装电梯",
        "咨询老旧小区加装电梯的政策：{at}{n}号楼{floor}层以上都是老人，需要多少户同意，财"
        "政补贴多少，到哪里申请？",
    ),
    Text(
        R,
        "{at}飞线充电",
        "{at}{n}号楼{floor}层有人飞线充电，电动车推进楼道，{time}最多，存在火灾隐患，请消"
        "防和社区一起来查。",
    ),
    Text(
        R,
        "{at}群租房",
        "{at}{n}号楼{floor}层是群租房，打了隔断住了十几个人，{time}进进出出，垃圾扔在楼道"
        "，要求清理整治。",
    ),
    Text(
        H,
        "{at}拖欠工资",
        "在{at}的工地做木工，{days}个月的工资没有结清，带班的人电话关机，{n}个农民工工资都"
        "没拿到，请劳动监察帮忙。",
    ),
    Text(
        C,
        "{street}社保转移",
        "咨询社保转移：本人从外地到{street}工作{days}个月，养老金怎么合并，医保断了{n}天怎"
        "么补，需要带哪些材料？",
    ),
    Text(
        C,
        "{street}入学咨询",
        "咨询幼升小：户口在外区，租住{at}{n}号楼，入学登记需要什么材料，居住证明要连续多少年？",
    ),
    Text(
        A,
        "{at}培训班退费",
        "在{at}的培训机构交了一年的学费，上了{days}次课就关门了，培训班退课不给钱，{n}名家"
        "长都没有拿到退费。",
    ),
    Text(
        A,
        "{at}健身卡退款",
        "{at}的健身房装修后一直没有开门，办卡花了{n}00元，商家说店铺转让不给退款，已经拖了"
        "{days}天。",
    ),
    Text(
        R,
        "{at}食品安全",
        "{at}一家小饭店的后厨卫生很差，{time}吃出异物，食品安全没有保障，店里没有公示健康"
        "证，请执法人员检查。",
    ),
    Text(
        A,
        "{at}流浪狗",
        "{at}有{n}只流浪狗成群，{time}追人，{days}天前咬伤了一位老人，孩子上学都要家长接送"
        "，请尽快捕捉收容。",
    ),
    Text(
        A,
        "{at}树木遮光",
        "{at}{n}号楼前的树木多年没有修剪，树枝伸到{floor}层窗户，屋里白天也要开灯，刮风时"
        "打玻璃，请安排修剪。",
    ),
    Text(
        S,
        "{at}公园设施",
        "{at}公园的健身器材坏了{days}天，座椅少，{time}老人没有地方坐，建议维修公园设施并"
        "增加座椅和照明。",
    ),
    Text(
        H,
        "{street}老年餐",
        "{street}养老驿站的老年餐停了{days}天，独居老人吃饭困难，{n}号楼有八十多岁的老人，"
        "请协调恢复送餐。",
    ),
    Text(
        A,
        "{at}燃气报警",
        "{at}{n}号楼{floor}层楼道里{time}有燃气味，怀疑燃气泄漏，已经打过燃气公司电话，希"
        "望有人跟进检查。",
    ),
    Text(
        A,
        "{at}网络架空线",
        "{at}的架空线垂到人行道上，离地不到两米，{days}天没有人管，通信线缆杂乱，晚上容易绊倒。",
    ),
    Text(
        A,
        "{at}小广告",
        "{at}{n}号楼的楼道和单元门上贴满小广告，{days}天清一次都清不完，有的还是放贷电话，"
        "请处理并找源头。",
    ),
    Text(
        A,
        "{at}垃圾分类点",
        "{at}的垃圾分类驿站{time}不开门，居民只能放在地上，混装混运，{days}天没有督导员，"
        "夏天味道很大。",
    ),
    Text(
        P,
        "表扬{street}工作人员",
        "表扬{street}的工作人员，{days}天前下大雪，他们{time}就出来铲冰，还帮{n}号楼的老人"
        "买菜，非常感谢。",
    ),
)
"""Complaints of some sentences, as most of a hotline are."""

PATTERNS = LONGER + TEXTS
"""Every complaint."""

HOURS = (
    "早上六点多",
    "早高峰",
    "中午",
    "下午四五点",
    "傍晚",
    "晚上九点以后",
    "夜里十一点",
    "凌晨两点",
)
_SURNAMES = "赵钱孙李周吴郑王冯陈卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜"


class ToldComplaint(NamedTuple):
    """The words of one complaint."""

    title: str
    text: str
    address: str


class ComplaintDetails(NamedTuple):
    """What differs between complaints about the same matter at the same place."""

    days: int
    time: str
    floor: int
    n: int


def details(dice: Random) -> ComplaintDetails:
    """Draw the details of one complaint."""
    return ComplaintDetails(
        days=dice.randint(2, 15),
        time=dice.choice(HOURS),
        floor=dice.randint(2, 18),
        n=dice.randint(1, 38),
    )


def told(pattern: Text, street: str, place: str, drawn: ComplaintDetails) -> ToldComplaint:
    """Return the complaint of this pattern at this place."""
    at = f"{street}{place}"
    words = {"street": street, "place": place, "at": at, **drawn._asdict()}
    return ToldComplaint(
        title=pattern.title.format(**words),
        text=pattern.text.format(**words),
        address=f"{at}{drawn.n}号",
    )


def places() -> tuple[str, ...]:
    """Return the places that streets have."""
    return PLACES


def name(dice: Random) -> str:
    """Return a citizen's name as operators note it: a surname with a form of address."""
    return dice.choice(_SURNAMES) + dice.choice(("先生", "女士"))
