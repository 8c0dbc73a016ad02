"""Owns the library of the test model: a small Llama of two layers for WebGPU in f32, as web-llm calls it.

usage: compile_model.py FOLDER   (TVM_HOME is the tree whose web/dist/wasm holds the runtime's bitcode)
"""

import json
import pathlib
import sys

import kernels
import shape
import tvm
from tvm import relax, te, tirx
from tvm.contrib import tvmjs  # noqa: F401  registers what the export needs
from tvm.relax.frontend import nn
from tvm.relax.frontend.nn import op
from tvm.relax.frontend.nn.llm import kv_cache
from tvm.s_tir import dlight
from tvm.support import emcc

TARGET = tvm.target.Target(
    {"kind": "webgpu", "host": {"kind": "llvm", "mtriple": "wasm32-unknown-unknown-wasm"}}
)
# Places among the arguments of the cache's creation that hold kernels web-llm never asks for here (sliding window, trees,
# MLA). Without them a software GPU has fewer shaders to compile at every load.
UNUSED_KERNELS = range(18, 23)
CREATION_ARGUMENTS = 28


class Block(nn.Module):
    def __init__(self):
        self.input_norm = nn.RMSNorm(shape.WIDTH, -1, shape.EPSILON, bias=False)
        self.qkv = nn.Linear(shape.WIDTH, (shape.HEADS + 2 * shape.CACHE_HEADS) * shape.HEAD_WIDTH, bias=False)
        self.attended = nn.Linear(shape.HEADS * shape.HEAD_WIDTH, shape.WIDTH, bias=False)
        self.middle_norm = nn.RMSNorm(shape.WIDTH, -1, shape.EPSILON, bias=False)
        self.gate_and_up = nn.Linear(shape.WIDTH, 2 * shape.HIDDEN, bias=False)
        self.down = nn.Linear(shape.HIDDEN, shape.WIDTH, bias=False)

    def forward(self, x, cache, index):
        batch, length, _ = x.shape
        qkv = self.qkv(self.input_norm(x))
        qkv = op.reshape(qkv, (batch, length, shape.HEADS + 2 * shape.CACHE_HEADS, shape.HEAD_WIDTH))
        seen = cache.attention_with_fused_qkv(index, qkv, shape.HEADS, sm_scale=shape.HEAD_WIDTH**-0.5)
        x = x + self.attended(op.reshape(seen, (batch, length, shape.HEADS * shape.HEAD_WIDTH)))
        gate, up = op.split(self.gate_and_up(self.middle_norm(x)), 2, axis=-1)
        return x + self.down(op.silu(gate) * up)


class Model(nn.Module):
    def __init__(self):
        self.tokens = nn.Embedding(shape.VOCABULARY, shape.WIDTH)
        self.blocks = nn.ModuleList([Block() for _ in range(shape.LAYERS)])
        self.norm = nn.RMSNorm(shape.WIDTH, -1, shape.EPSILON, bias=False)
        self.head = nn.Linear(shape.WIDTH, shape.VOCABULARY, bias=False)

    def think(self, x, cache):
        for index, block in enumerate(self.blocks):
            x = block(x, cache, index)
        return self.norm(x)

    def embed(self, input_ids):
        return self.tokens(input_ids)

    def prefill(self, input_embed, paged_kv_cache):
        def last(states):
            batch, length, width = states.shape
            return te.compute((batch, 1, width), lambda b, _, w: states[b, length - 1, w], name="last")

        states = op.tensor_expr_op(last, name_hint="last", args=[self.think(input_embed, paged_kv_cache)])
        return self.head(states), paged_kv_cache

    def decode(self, input_embed, paged_kv_cache):
        return self.head(self.think(input_embed, paged_kv_cache)), paged_kv_cache


def calls():
    packed = {"param_mode": "packed", "effect_mode": "none"}
    cache = nn.spec.Object(object_type=kv_cache.PagedKVCache)
    step = lambda length: {
        "input_embed": nn.spec.Tensor([1, length, shape.WIDTH], "float32"),
        "paged_kv_cache": cache,
        "$": packed,
    }
    return {
        "embed": {"input_ids": nn.spec.Tensor(["length"], "int32"), "$": packed},
        "prefill": step("length"),
        "decode": step(1),
    }


def add_cache(builder):
    names = ("max_batch_size", "max_total_seq_len", "prefill_chunk_size", "page_size", "support_sliding_window")
    sizes = [tirx.Var(name, "int64") for name in names]
    given = [relax.Var(f"given_{name}", relax.ShapeType([size])) for name, size in zip(names, sizes)]
    create = relax.call_pure_packed

    def lean(function, *arguments, **more):
        if function == "vm.builtin.paged_attention_kv_cache_create":
            assert len(arguments) == CREATION_ARGUMENTS, f"another version of TVM: {len(arguments)} arguments"
            arguments = [
                relax.Tuple([]) if place in UNUSED_KERNELS else argument for place, argument in enumerate(arguments)
            ]
        return create(function, *arguments, **more)

    # Its own races on a GPU that runs fewer threads in step than a row has.
    kv_cache._merge_state_inplace = lambda *_: kernels.merge_seen
    with builder.function("create_tir_paged_kv_cache", given):
        relax.call_pure_packed = lean
        try:
            made = kv_cache.TIRPagedKVCache(
                attn_kind="mha",
                max_batch_size=sizes[0],
                max_total_seq_len=sizes[1],
                prefill_chunk_size=sizes[2],
                page_size=sizes[3],
                support_sliding_window=sizes[4],
                layer_partition=relax.ShapeExpr([0, shape.LAYERS]),
                num_hidden_layers=shape.LAYERS,
                num_attention_heads=shape.HEADS,
                num_key_value_heads=shape.CACHE_HEADS,
                qk_head_dim=shape.HEAD_WIDTH,
                v_head_dim=shape.HEAD_WIDTH,
                mla_original_qk_head_dim=0,
                mla_original_v_head_dim=0,
                rope_mode=kv_cache.RopeMode.NORMAL,
                rope_scale=1,
                rope_theta=shape.ROPE_BASE,
                rope_scaling={},
                rope_ext_factors=relax.prim_value(0),
                rotary_dim=shape.HEAD_WIDTH,
                enable_disaggregation=False,
                dtype="float32",
                target=TARGET,
            )
        finally:
            relax.call_pure_packed = create
        builder.emit_func_output(made._expr)


def add_sampling(builder):
    row = lambda dtype: relax.TensorType((1, shape.VOCABULARY), dtype)
    one = lambda dtype: relax.TensorType((1,), dtype)

    logits = relax.Var("logits", relax.TensorType((1, 1, shape.VOCABULARY), "float32"))
    temperature = relax.Var("temperature", one("float32"))
    with builder.function("softmax_with_temperature", [logits, temperature]):
        with builder.dataflow():
            cooled = builder.emit(relax.op.divide(logits, relax.op.reshape(temperature, (1, 1, 1))))
            shares = builder.emit_output(relax.op.nn.softmax(cooled, axis=-1))
        builder.emit_func_output(shares)

    def kernel(name, arguments, function, out):
        with builder.function(name, arguments):
            with builder.dataflow():
                call = relax.call_tir(builder.add_func(function, f"{name}_kernel"), arguments, out_ty=out)
                result = builder.emit_output(call)
            builder.emit_func_output(result)

    kernel("argsort_probs", [relax.Var("shares", row("float32"))], kernels.sort_by_rank, [row("float32"), row("int32")])
    kernel(
        "sample_with_top_p",
        [
            relax.Var("ordered", row("float32")),
            relax.Var("tokens", row("int32")),
            relax.Var("drawn", one("float32")),
            relax.Var("rows", one("int32")),
            relax.Var("limits", one("float32")),
        ],
        kernels.pick_token,
        one("int32"),
    )


def metadata(parameters):
    return {
        "model_type": "llama",
        "quantization": "q0f32",
        "model_task": "chat",
        "context_window_size": shape.CONTEXT,
        "sliding_window_size": -1,
        "attention_sink_size": -1,
        "prefill_chunk_size": shape.PREFILL_CHUNK,
        "tensor_parallel_shards": 1,
        "pipeline_parallel_stages": 1,
        "max_batch_size": 1,
        "active_vocab_size": shape.VOCABULARY,
        "kv_state_kind": "kv_cache",
        "kv_cache": {
            "num_hidden_layers": shape.LAYERS,
            "num_attention_heads": shape.HEADS,
            "num_key_value_heads": shape.CACHE_HEADS,
            "head_dim": shape.HEAD_WIDTH,
        },
        "params": [
            {
                "name": name,
                "shape": [int(size) for size in parameter.shape],
                "dtype": str(parameter.dtype),
                "preprocs": [],
                "pipeline_stages": [0],
            }
            for name, parameter in parameters
        ],
    }


def without_unused(module):
    """Kernels that nothing calls are shaders that every load would compile."""
    called = {"apply_logit_bias_inplace", "apply_penalty_inplace", "apply_bitmask_inplace"}
    for _, function in module.functions_items():
        if isinstance(function, relax.Function):
            called |= {var.name_hint for var in relax.analysis.all_global_vars(function)}
    for var, function in list(module.functions_items()):
        if isinstance(function, tirx.PrimFunc) and var.name_hint not in called:
            del module[var]
    return module


@tvm.transform.module_pass(opt_level=0)
def lower(module, _context):
    passes = relax.transform
    gpu = dlight.gpu
    return tvm.transform.Sequential(
        [
            tvm.tirx.transform.BindTarget(TARGET),
            passes.LegalizeOps(),
            passes.AnnotateTIROpPattern(),
            passes.FoldConstant(),
            passes.FuseOps(),
            passes.FuseTIR(),
            passes.DeadCodeElimination(),
            dlight.ApplyDefaultSchedule(
                gpu.Matmul(), gpu.GEMV(), gpu.Reduction(), gpu.GeneralReduction(), gpu.Fallback()
            ),
            tvm.tirx.transform.ForceNarrowIndexToInt32(),
            passes.RewriteDataflowReshape(),
            passes.ToNonDataflow(),
            passes.RemovePurityChecking(),
            passes.CallTIRRewrite(),
            passes.StaticPlanBlockMemory(),
            passes.LowerAllocTensor(),
            passes.KillAfterLastUse(),
            passes.LowerRuntimeBuiltin(),
            passes.ComputePrimValue(),
            passes.VMShapeLower(),
            passes.AttachGlobalSymbol(),
        ]
    )(module)


def link(output, objects, **more):
    return emcc.create_tvmjs_wasm(output, objects, **more)


# Objects, not bitcode: the wheel's LLVM is newer than the linker of Debian's emscripten.
link.object_format = "o"


def main(folder):
    with TARGET:
        module, parameters = Model().export_tvm(spec=calls())
        module["apply_logit_bias_inplace"] = kernels.add_logit_bias
        module["apply_penalty_inplace"] = kernels.add_penalties
        module["apply_bitmask_inplace"] = kernels.mask_tokens
        builder = relax.BlockBuilder(module)
        add_cache(builder)
        add_sampling(builder)
        text = getattr(relax, "StringImm", None) or tvm.ir.StringImm
        with builder.function("_metadata", []):
            builder.emit_func_output(text(json.dumps(metadata(parameters))))
        module = without_unused(builder.finalize())
        with tvm.transform.PassContext(config={"relax.backend.use_cuda_graph": False}):
            library = relax.build(module, target=TARGET, relax_pipeline=lower, system_lib=True)
        library.export_library(str(folder / "test-q0f32-webgpu.wasm"), fcompile=link)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
