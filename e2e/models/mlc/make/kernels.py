"""
Owns the kernels that web-llm calls between two tokens: bias, penalties, the grammar's mask, sorting, sampling; and the
one that joins what a new token sees of the cache with what it sees of its own chunk.

One thread per token of the vocabulary (8 x 64), each of which writes only what is its own, so nothing races. Sorting is
quadratic, which 512 tokens can bear.
"""

import shape
from tvm.script import tirx as T


@T.prim_func(s_tir=True)
def add_logit_bias(logits_: T.handle, rows_: T.handle, tokens_: T.handle, values_: T.handle):
    T.func_attr({"global_symbol": "apply_logit_bias_inplace", "tirx.noalias": True, "tirx.is_scheduled": True})
    count = T.int32()
    logits = T.match_buffer(logits_, (1, 512), "float32")
    rows = T.match_buffer(rows_, (count,), "int32")
    tokens = T.match_buffer(tokens_, (count,), "int32")
    values = T.match_buffer(values_, (count,), "float32")
    for group in T.thread_binding(0, 8, "blockIdx.x"):
        for lane in T.thread_binding(0, 64, "threadIdx.x"):
            with T.sblock("bias"):
                token = T.axis.spatial(512, group * 64 + lane)
                for entry in range(count):
                    if tokens[entry] == token and rows[entry] == 0:
                        logits[0, token] = logits[0, token] + values[entry]


@T.prim_func(s_tir=True)
def add_penalties(
    logits_: T.handle, sequences_: T.handle, rows_: T.handle, tokens_: T.handle, counts_: T.handle, amounts_: T.handle
):
    T.func_attr({"global_symbol": "apply_penalty_inplace", "tirx.noalias": True, "tirx.is_scheduled": True})
    count = T.int32()
    logits = T.match_buffer(logits_, (1, 512), "float32")
    sequences = T.match_buffer(sequences_, (1,), "int32")
    rows = T.match_buffer(rows_, (count,), "int32")
    tokens = T.match_buffer(tokens_, (count,), "int32")
    counts = T.match_buffer(counts_, (count,), "int32")
    # Presence, frequency, repetition.
    amounts = T.match_buffer(amounts_, (1, 3), "float32")
    for group in T.thread_binding(0, 8, "blockIdx.x"):
        for lane in T.thread_binding(0, 64, "threadIdx.x"):
            with T.sblock("penalties"):
                token = T.axis.spatial(512, group * 64 + lane)
                value = T.sblock_alloc_buffer((1,), "float32", scope="local")
                value[0] = logits[0, token]
                for entry in range(count):
                    if tokens[entry] == token and rows[entry] == sequences[0]:
                        value[0] = value[0] - amounts[0, 0] - amounts[0, 1] * T.Cast("float32", counts[entry])
                        value[0] = T.Select(
                            value[0] < T.float32(0), value[0] * amounts[0, 2], value[0] / amounts[0, 2]
                        )
                logits[0, token] = value[0]


@T.prim_func(s_tir=True)
def mask_tokens(logits_: T.handle, sequences_: T.handle, allowed_: T.handle):
    T.func_attr({"global_symbol": "apply_bitmask_inplace", "tirx.noalias": True, "tirx.is_scheduled": True})
    logits = T.match_buffer(logits_, (1, 512), "float32")
    sequences = T.match_buffer(sequences_, (1,), "int32")
    allowed = T.match_buffer(allowed_, (1, 16), "int32")
    for group in T.thread_binding(0, 8, "blockIdx.x"):
        for lane in T.thread_binding(0, 64, "threadIdx.x"):
            with T.sblock("mask"):
                token = T.axis.spatial(512, group * 64 + lane)
                if T.bitwise_and(T.shift_right(allowed[sequences[0], token // 32], token % 32), 1) == 0:
                    logits[0, token] = T.float32(-3.0e38)


@T.prim_func(s_tir=True)
def sort_by_rank(shares_: T.handle, sorted_: T.handle, tokens_: T.handle):
    T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
    shares = T.match_buffer(shares_, (1, 512), "float32")
    ordered = T.match_buffer(sorted_, (1, 512), "float32")
    tokens = T.match_buffer(tokens_, (1, 512), "int32")
    for group in T.thread_binding(0, 8, "blockIdx.x"):
        for lane in T.thread_binding(0, 64, "threadIdx.x"):
            with T.sblock("sort"):
                token = T.axis.spatial(512, group * 64 + lane)
                rank = T.sblock_alloc_buffer((1,), "int32", scope="local")
                rank[0] = 0
                for other in range(512):
                    # Among equals the earlier token is first: every rank is taken once.
                    rank[0] = rank[0] + T.Select(
                        shares[0, other] > shares[0, token]
                        or (shares[0, other] == shares[0, token] and other < token),
                        1,
                        0,
                    )
                ordered[0, rank[0]] = shares[0, token]
                tokens[0, rank[0]] = token


@T.prim_func(s_tir=True)
def pick_token(
    sorted_: T.handle, tokens_: T.handle, drawn_: T.handle, rows_: T.handle, limits_: T.handle, picked_: T.handle
):
    T.func_attr({"tirx.noalias": True, "tirx.is_scheduled": True})
    shares = T.match_buffer(sorted_, (1, 512), "float32")
    tokens = T.match_buffer(tokens_, (1, 512), "int32")
    drawn = T.match_buffer(drawn_, (1,), "float32")
    rows = T.match_buffer(rows_, (1,), "int32")
    limits = T.match_buffer(limits_, (1,), "float32")
    picked = T.match_buffer(picked_, (1,), "int32")
    for group in T.thread_binding(0, 1, "blockIdx.x"):
        for lane in T.thread_binding(0, 1, "threadIdx.x"):
            with T.sblock("pick"):
                row = T.axis.spatial(1, group + lane)
                # Sum of those within the limit, then the running sum up to the drawn share of it.
                sums = T.sblock_alloc_buffer((2,), "float32", scope="local")
                found = T.sblock_alloc_buffer((1,), "int32", scope="local")
                sums[0] = T.float32(0)
                for rank in range(512):
                    if sums[0] < limits[rows[row]]:
                        sums[0] = sums[0] + shares[rows[row], rank]
                sums[1] = T.float32(0)
                found[0] = -1
                for rank in range(512):
                    sums[1] = sums[1] + shares[rows[row], rank]
                    if found[0] < 0 and sums[1] >= drawn[row] * sums[0]:
                        found[0] = rank
                picked[row] = tokens[rows[row], T.max(found[0], 0)]


@T.prim_func(s_tir=True)
def merge_seen(seen_: T.handle, weight_: T.handle, cached_: T.handle, cached_weight_: T.handle):
    """
    TVM's own has one thread per four numbers, and each of a row overwrites the weight that all of them read: right where a
    row's threads run in step, as on most GPUs, and wrong on a software GPU, which runs four at a time. Here one thread has
    a row.
    """
    T.func_attr({"global_symbol": "merge_seen", "tirx.noalias": True, "tirx.is_scheduled": True})
    count = T.int32()
    seen = T.match_buffer(seen_, (count, shape.HEADS, shape.HEAD_WIDTH), "float32")
    weight = T.match_buffer(weight_, (count, shape.HEADS), "float32")
    cached = T.match_buffer(cached_, (count, shape.HEADS, shape.HEAD_WIDTH), "float32")
    cached_weight = T.match_buffer(cached_weight_, (count, shape.HEADS), "float32")
    for row in T.thread_binding(0, count, "blockIdx.x"):
        for head in T.thread_binding(0, shape.HEADS, "threadIdx.x"):
            with T.sblock("merge"):
                r, h = T.axis.remap("SS", [row, head])
                shares = T.sblock_alloc_buffer((3,), "float32", scope="local")
                shares[2] = T.max(weight[r, h], cached_weight[r, h])
                shares[0] = T.exp2(weight[r, h] - shares[2])
                shares[1] = T.exp2(cached_weight[r, h] - shares[2])
                for at in range(shape.HEAD_WIDTH):
                    seen[r, h, at] = (seen[r, h, at] * shares[0] + cached[r, h, at] * shares[1]) / (
                        shares[0] + shares[1]
                    )
                weight[r, h] = T.log2(shares[0] + shares[1]) + shares[2]
