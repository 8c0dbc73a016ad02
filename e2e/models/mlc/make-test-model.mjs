#!/usr/bin/env node
/**
 * Owns `npm run make:mlc-test-model`: a tiny model with random weights, compiled for web-llm from what the package
 * registries of Python and Debian have. About five minutes on two cores. The model goes to .e2e/mlc-test-model, outside git.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = join(dirname(fileURLToPath(import.meta.url)), 'make');
const ROOT = join(HERE, '..', '..', '..', '..');
const WORK = join(ROOT, '.e2e', 'mlc-work');
const MADE = join(ROOT, '.e2e', 'mlc-test-model');
/** Compiler and the sources of the runtime that fits it come in the first two. */
const PACKAGES = [
  'apache-tvm==0.27.0.post1',
  'apache-tvm-ffi==0.1.15.post2',
  'numpy==2.4.6',
  'ml_dtypes==0.6.0',
  'tokenizers==0.23.3',
];
/** Headers that the Python package leaves out, each of which is here the one that stands in for all. */
const LEFT_OUT = [
  'include/tvm/support/io.h',
  'include/tvm/support/serializer.h',
  'include/tvm/support/cuda/nvtx.h',
  'src/support/bytes_io.h',
  'src/support/base64.h',
  'src/support/utils.h',
];
/** Remote calls and the sorting of the CPU: web-llm uses neither, and both want more than is here. */
const NOT_NEEDED = /rpc\/rpc_(channel|endpoint|event_impl|module)|contrib\/sort\/sort\.cc/;
/** What web-llm 0.2.86 gives a library. The linker lets a missing name pass, and the load would fail on it. */
const IMPORTS = new Set(
  (
    'TVMFFIWasmFunctionDeleter TVMFFIWasmSafeCall clock_time_get emscripten_notify_memory_growth environ_get ' +
    'environ_sizes_get fd_close fd_read fd_seek fd_write proc_exit'
  ).split(' '),
);

function step(what) {
  console.log(`── ${what}`);
}

function run(program, args, options = {}) {
  execFileSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
}

function has(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

step('emscripten');
if (!has('emcc')) {
  if (!has('apt-get') || process.getuid?.() !== 0) {
    console.error(
      'emcc is missing. Install emscripten 3.1.6 or newer ("apt-get install emscripten"), then try again.',
    );
    process.exit(1);
  }
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'emscripten']);
}

step('Python packages');
mkdirSync(WORK, { recursive: true });
const python = join(WORK, 'venv', 'bin', 'python');
if (!has(python)) run('python3', ['-m', 'venv', join(WORK, 'venv')]);
run(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', ...PACKAGES]);
const site = execFileSync(python, ['-c', "import sysconfig; print(sysconfig.get_paths()['purelib'])"], {
  encoding: 'utf8',
}).trim();

step('sources of the runtime');
const tree = join(WORK, 'runtime');
rmSync(tree, { recursive: true, force: true });
for (const [from, to] of [
  ['tvm/include/tvm', 'include/tvm'],
  ['tvm/src/runtime', 'src/runtime'],
  ['tvm/web/emcc', 'web/emcc'],
  ['tvm_ffi/src', '3rdparty/tvm-ffi/src'],
  ['tvm_ffi/include', '3rdparty/tvm-ffi/include'],
])
  cpSync(join(site, from), join(tree, to), { recursive: true });
mkdirSync(join(tree, 'web', 'dist', 'wasm'), { recursive: true });
cpSync(join(HERE, 'support.h'), join(tree, 'include', 'tvm', 'support', 'stand_in.h'));
for (const header of LEFT_OUT) {
  mkdirSync(dirname(join(tree, header)), { recursive: true });
  writeFileSync(join(tree, header), '#include <tvm/support/stand_in.h>\n');
}
const runtime = join(tree, 'web', 'emcc', 'wasm_runtime.cc');
const lines = readFileSync(runtime, 'utf8').split('\n');
writeFileSync(runtime, lines.filter((line) => !NOT_NEEDED.test(line)).join('\n'));
appendFileSync(
  runtime,
  `
namespace tvm {
namespace runtime {
// Named by another source; where it stayed undefined it would become an import.
ffi::Module CreateRPCSessionModule(std::shared_ptr<RPCSession>) {
  TVM_FFI_THROW(InternalError) << "there are no remote calls here";
  TVM_FFI_UNREACHABLE();
}
}  // namespace runtime
}  // namespace tvm
`,
);

const flags = [
  ...['', 'include', '3rdparty/tvm-ffi/include'].map((folder) => `-I${join(tree, folder)}`),
  '-O3',
  '-std=c++17',
  '-Wno-ignored-attributes',
  `-ffile-prefix-map=${tree}=runtime`,
  '-emit-llvm',
  '-c',
];
for (const source of ['wasm_runtime', 'tvmjs_support', 'webgpu_runtime']) {
  step(`compiling ${source}`);
  const args = [...flags, '-o', `dist/wasm/${source}.bc`, `emcc/${source}.cc`];
  run('emcc', args, { cwd: join(tree, 'web') });
}

step('library, tokenizer, weights');
rmSync(MADE, { recursive: true, force: true });
mkdirSync(MADE, { recursive: true });
run(python, ['-B', join(HERE, 'compile_model.py'), MADE], { env: { ...process.env, TVM_HOME: tree } });
run(python, ['-B', join(HERE, 'write_files.py'), MADE]);

const library = new WebAssembly.Module(readFileSync(join(MADE, 'test-q0f32-webgpu.wasm')));
const missing = WebAssembly.Module.imports(library).filter(({ name }) => !IMPORTS.has(name));
if (missing.length > 0) {
  console.error('The library wants what web-llm does not have:', missing.map(({ name }) => name).join(', '));
  process.exit(1);
}
console.log(`The model is in ${MADE}. "npm run test:mlc" runs on it.`);
