"""The planets' way round the sun: floats, unpacking, items of lists."""

from __future__ import annotations

from typing import Any

from perdure import workflow

from .acts import act

WORK = 48_000  # steps of time
RARE = 8_000

SUN = 39.47841760435743
YEAR = 365.24
PLANETS = [
    ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], SUN),
    (
        [4.84143144246472090, -1.16032004402742839, -0.103622044471123109],
        [0.00166007664274403694 * YEAR, 0.00769901118419740425 * YEAR, -0.0000690460016972 * YEAR],
        0.000954791938424326609 * SUN,
    ),
    (
        [8.34336671824457987, 4.12479856412430479, -0.403523417114321381],
        [-0.00276742510726411 * YEAR, 0.00499852801234917238 * YEAR, 0.0000230417297573763 * YEAR],
        0.000285885980666130812 * SUN,
    ),
    (
        [12.8943695621391310, -15.1111514016986312, -0.223307578892655734],
        [0.00296460137564761618 * YEAR, 0.00237847173959480950 * YEAR, -0.0000296589568540 * YEAR],
        0.0000436624404335156298 * SUN,
    ),
    (
        [15.3796971148509165, -25.9193146099879641, 0.179258772950371181],
        [0.00268067772490389322 * YEAR, 0.00162824170038242295 * YEAR, -0.0000951592254519 * YEAR],
        0.0000515138902046611451 * SUN,
    ),
]


def system() -> tuple[list[Any], list[Any]]:
    """The bodies, and all pairs of them."""
    bodies = [(list(place), list(speed), mass) for place, speed, mass in PLANETS]
    pairs = [(a, b) for index, a in enumerate(bodies) for b in bodies[index + 1 :]]
    return bodies, pairs


def advance(bodies: list[Any], pairs: list[Any], steps: int, dt: float = 0.01) -> None:
    for _ in range(steps):
        for ([x1, y1, z1], v1, m1), ([x2, y2, z2], v2, m2) in pairs:
            dx = x1 - x2
            dy = y1 - y2
            dz = z1 - z2
            pull = dt * ((dx * dx + dy * dy + dz * dz) ** -1.5)
            b1 = m1 * pull
            b2 = m2 * pull
            v1[0] -= dx * b2
            v1[1] -= dy * b2
            v1[2] -= dz * b2
            v2[0] += dx * b1
            v2[1] += dy * b1
            v2[2] += dz * b1
        for place, (vx, vy, vz), _mass in bodies:
            place[0] += dt * vx
            place[1] += dt * vy
            place[2] += dt * vz


def energy(bodies: list[Any], pairs: list[Any]) -> float:
    total = sum(m * (vx * vx + vy * vy + vz * vz) / 2 for _, (vx, vy, vz), m in bodies)
    for ([x1, y1, z1], _, m1), ([x2, y2, z2], _, m2) in pairs:
        total -= m1 * m2 / ((x1 - x2) ** 2 + (y1 - y2) ** 2 + (z1 - z2) ** 2) ** 0.5
    return total


@workflow
def called(steps: int) -> float:
    steps = act(steps)
    bodies, pairs = system()
    advance(bodies, pairs, steps)
    return act(energy(bodies, pairs))


@workflow
def inlined(steps: int) -> float:
    steps = act(steps)
    bodies, pairs = system()
    dt = 0.01
    for _ in range(steps):
        for ([x1, y1, z1], v1, m1), ([x2, y2, z2], v2, m2) in pairs:
            dx = x1 - x2
            dy = y1 - y2
            dz = z1 - z2
            pull = dt * ((dx * dx + dy * dy + dz * dz) ** -1.5)
            b1 = m1 * pull
            b2 = m2 * pull
            v1[0] -= dx * b2
            v1[1] -= dy * b2
            v1[2] -= dz * b2
            v2[0] += dx * b1
            v2[1] += dy * b1
            v2[2] += dz * b1
        for place, (vx, vy, vz), _mass in bodies:
            place[0] += dt * vx
            place[1] += dt * vy
            place[2] += dt * vz
    return act(energy(bodies, pairs))


@workflow
def rare(steps: int) -> float:
    steps = act(steps)
    bodies, pairs = system()
    dt = 0.01
    for step in range(steps):
        for ([x1, y1, z1], v1, m1), ([x2, y2, z2], v2, m2) in pairs:
            dx = x1 - x2
            dy = y1 - y2
            dz = z1 - z2
            pull = dt * ((dx * dx + dy * dy + dz * dz) ** -1.5)
            b1 = m1 * pull
            b2 = m2 * pull
            v1[0] -= dx * b2
            v1[1] -= dy * b2
            v1[2] -= dz * b2
            v2[0] += dx * b1
            v2[1] += dy * b1
            v2[2] += dz * b1
        for place, (vx, vy, vz), _mass in bodies:
            place[0] += dt * vx
            place[1] += dt * vy
            place[2] += dt * vz
        if step % RARE == 0:
            act(energy(bodies, pairs))
    return act(energy(bodies, pairs))
