"""The layers of one image onto the disk: at once where the storage driver allows it, committed lowest first."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from engine.errors import EngineError
from engine.layers import BadArchive, LayerLease, Layers, chain_ids
from engine.layers.compression import Source
from engine.layers.layers import UnpackedLayer

# Unpacking waits for the disk and in system calls that release the interpreter; more threads than this do not help.
# A pool of their own: a layer that waits for the network must not hold up the daemon's other blocking calls.
_POOL = ThreadPoolExecutor(8, "unpack")

# Reads layer number i; calls `unpack` with a source, in its own time, and returns what that returned.
Fetch = Callable[[int, Callable[[Source], Awaitable[UnpackedLayer]]], Awaitable[UnpackedLayer]]


async def unpack_layers(
    layers: Layers,
    diff_ids: Sequence[str],
    *,
    lease: LayerLease,
    fetch: Fetch,
    on_done: Callable[[int, bool], None],
) -> None:
    """Bring every layer of `diff_ids` onto this host; `on_done(i, was_there)` tells of each.

    The first failure cancels the others and is raised; committed layers stay until they are collected.
    """
    chain = chain_ids(diff_ids)
    lease.chain_ids.update(chain)
    committed = [asyncio.Event() for _ in chain]

    async def bring(i: int) -> None:
        parent = chain[i - 1] if i else None
        async with layers.lock(chain[i]):
            was_there = layers.has(chain[i])
            if not was_there:
                if i and not layers.are_independent:
                    await committed[i - 1].wait()

                async def unpack(source: Source) -> UnpackedLayer:
                    return await run_blocking(
                        lambda: layers.unpack(source, parent=parent, expected_diff_id=diff_ids[i])
                    )

                unpacked = await fetch(i, unpack)
                try:
                    if i:
                        await committed[i - 1].wait()
                except BaseException:
                    layers.abort(unpacked)
                    raise
                await asyncio.to_thread(layers.commit, unpacked, parent)
            elif i:
                await committed[i - 1].wait()
        committed[i].set()
        on_done(i, was_there)

    await all_or_none([bring(i) for i in range(len(chain))])


async def all_or_none(work: Sequence[Awaitable[None]]) -> None:
    """Await all; the first error cancels the rest, which are waited for, and is raised."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def run_blocking(call: Callable[[], UnpackedLayer]) -> UnpackedLayer:
    """Run `call` in the pool; when cancelled, wait for its end: it works on a tree that is then dropped."""
    future = asyncio.get_running_loop().run_in_executor(_POOL, call)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise
    except OSError as error:
        raise EngineError(f"failed to register layer: {error}") from error
    except BadArchive as error:
        raise BadArchive(f"failed to register layer: {error}") from error
