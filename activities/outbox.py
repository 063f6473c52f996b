"""The outbox: deliver messages, each once, in the order they were written."""

from datetime import UTC, datetime

from temporalio import activity

from activities.maintenance import keep_doing
from store.db.engine import Store
from store.tickets import outbox


class Outbox:
    def __init__(self, store: Store) -> None:
        self._store = store

    @activity.defn(name="deliver_messages")
    async def deliver(self) -> int:
        """Deliver waiting messages for one run window; return the number delivered."""
        notifier = outbox.MailboxNotifier()

        async def step() -> int:
            return await notifier.deliver(self._store, 200, datetime.now(UTC))

        return await keep_doing(step)
