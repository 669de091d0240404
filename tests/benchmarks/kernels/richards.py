"""An operating system's scheduler: attributes, methods that subclasses override, linked lists."""

from __future__ import annotations

from perdure import workflow

from .acts import act

WORK = 5  # whole simulations
RARE = 20_000

IDLE, WORKER, HANDLER_A, HANDLER_B, DEVICE_A, DEVICE_B = range(6)
TO_DEVICE, TO_WORKER = range(2)


class Packet:
    def __init__(self, link: Packet | None, ident: int, kind: int) -> None:
        self.link = link
        self.ident = ident
        self.kind = kind
        self.datum = 0
        self.data = [0] * 4

    def append_to(self, queue: Packet | None) -> Packet:
        self.link = None
        if queue is None:
            return self
        last = queue
        while last.link is not None:
            last = last.link
        last.link = self
        return queue


class System:
    """The tasks, by number and as a list, and what is counted."""

    def __init__(self) -> None:
        self.tasks: list[Task | None] = [None] * 6
        self.first: Task | None = None
        self.queued = 0
        self.held = 0

    def find(self, ident: int) -> Task:
        task = self.tasks[ident]
        if task is None:
            raise LookupError(f"no task {ident}")
        return task


class Task:
    def __init__(
        self, system: System, ident: int, priority: int, work: Packet | None, waiting: bool
    ) -> None:
        self.system = system
        self.ident = ident
        self.priority = priority
        self.input = work
        self.packet_pending = work is not None
        self.task_waiting = waiting
        self.task_holding = False
        self.link = system.first
        system.first = system.tasks[ident] = self

    def step(self, packet: Packet | None) -> Task | None:
        raise NotImplementedError

    def blocked(self) -> bool:
        return self.task_holding or (not self.packet_pending and self.task_waiting)

    def resume(self) -> Task | None:
        packet = None
        if self.task_waiting and self.packet_pending:
            packet = self.input
            assert packet is not None
            self.input = packet.link
            self.task_waiting = False
            self.packet_pending = self.input is not None
        return self.step(packet)

    def accept(self, packet: Packet, sender: Task) -> Task:
        if self.input is None:
            self.input = packet
            self.packet_pending = True
            if self.priority > sender.priority:
                return self
        else:
            packet.append_to(self.input)
        return sender

    def wait(self) -> Task:
        self.task_waiting = True
        return self

    def hold(self) -> Task | None:
        self.system.held += 1
        self.task_holding = True
        return self.link

    def release(self, ident: int) -> Task:
        task = self.system.find(ident)
        task.task_holding = False
        return task if task.priority > self.priority else self

    def send(self, packet: Packet) -> Task:
        target = self.system.find(packet.ident)
        self.system.queued += 1
        packet.link = None
        packet.ident = self.ident
        return target.accept(packet, self)


class Idle(Task):
    def __init__(self, system: System) -> None:
        super().__init__(system, IDLE, 0, None, False)
        self.control = 1
        self.count = 10_000

    def step(self, packet: Packet | None) -> Task | None:
        self.count -= 1
        if self.count == 0:
            return self.hold()
        if self.control & 1 == 0:
            self.control //= 2
            return self.release(DEVICE_A)
        self.control = self.control // 2 ^ 0xD008
        return self.release(DEVICE_B)


class Worker(Task):
    def __init__(self, system: System, work: Packet) -> None:
        super().__init__(system, WORKER, 1000, work, True)
        self.destination = HANDLER_A
        self.letter = 0

    def step(self, packet: Packet | None) -> Task | None:
        if packet is None:
            return self.wait()
        self.destination = HANDLER_B if self.destination == HANDLER_A else HANDLER_A
        packet.ident = self.destination
        packet.datum = 0
        for index in range(4):
            self.letter = self.letter % 26 + 1
            packet.data[index] = ord("A") + self.letter - 1
        return self.send(packet)


class Handler(Task):
    def __init__(self, system: System, ident: int, priority: int, work: Packet) -> None:
        super().__init__(system, ident, priority, work, True)
        self.work_in: Packet | None = None
        self.device_in: Packet | None = None

    def step(self, packet: Packet | None) -> Task | None:
        if packet is not None:
            if packet.kind == TO_WORKER:
                self.work_in = packet.append_to(self.work_in)
            else:
                self.device_in = packet.append_to(self.device_in)
        work = self.work_in
        if work is None:
            return self.wait()
        count = work.datum
        if count >= 4:
            self.work_in = work.link
            return self.send(work)
        device = self.device_in
        if device is None:
            return self.wait()
        self.device_in = device.link
        device.datum = work.data[count]
        work.datum = count + 1
        return self.send(device)


class Device(Task):
    def __init__(self, system: System, ident: int, priority: int) -> None:
        super().__init__(system, ident, priority, None, True)
        self.pending: Packet | None = None

    def step(self, packet: Packet | None) -> Task | None:
        if packet is None:
            packet = self.pending
            if packet is None:
                return self.wait()
            self.pending = None
            return self.send(packet)
        self.pending = packet
        return self.hold()


def boot() -> System:
    system = System()
    Idle(system)
    Worker(system, Packet(Packet(None, WORKER, TO_WORKER), WORKER, TO_WORKER))
    for handler, device, priority in ((HANDLER_A, DEVICE_A, 2000), (HANDLER_B, DEVICE_B, 3000)):
        work = None
        for _ in range(3):
            work = Packet(work, device, TO_DEVICE)
        assert work is not None
        Handler(system, handler, priority, work)
    Device(system, DEVICE_A, 4000)
    Device(system, DEVICE_B, 5000)
    return system


def schedule(system: System) -> None:
    task = system.first
    while task is not None:
        task = task.link if task.blocked() else task.resume()


def simulate(times: int) -> int:
    total = 0
    for _ in range(times):
        system = boot()
        schedule(system)
        total += system.queued * 10_000 + system.held
    return total


@workflow
def called(times: int) -> int:
    return act(simulate(act(times)))


@workflow
def inlined(times: int) -> int:
    times = act(times)
    total = 0
    for _ in range(times):
        system = boot()
        task = system.first
        while task is not None:
            task = task.link if task.blocked() else task.resume()
        total += system.queued * 10_000 + system.held
    return act(total)


@workflow
def rare(times: int) -> int:
    times = act(times)
    total = turns = 0
    for _ in range(times):
        system = boot()
        task = system.first
        while task is not None:
            task = task.link if task.blocked() else task.resume()
            turns += 1
            if turns % RARE == 0:
                act(turns)
        total += system.queued * 10_000 + system.held
    return act(total)
