/** Owns the headers of every answer: what the page may load, who may hold it, and what nobody may do with it. */
import { BUILT_IN_HOSTS } from '../../shared/models/hosts.ts';

/** Nothing from elsewhere runs, loads or frames; `connect-src 'self'` covers the same-origin WebSocket too. */
const BASE_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "connect-src 'self'",
  "img-src 'self' data: blob:",
  "style-src 'self'",
  "font-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];

/** For the page, the node worker, and everything else that is not the inference worker. */
const PAGE_POLICY = [
  ...BASE_POLICY,
  "worker-src 'self'",
  "require-trusted-types-for 'script'",
  'trusted-types lit-html airc',
].join('; ');

/**
 * The engine starts its threads from a blob, and a blob worker inherits `require-trusted-types-for` from its maker but
 * none of the maker's policies: with the directive it cannot start (tried in Chromium 156, 2026-11-24).
 */
const INFERENCE_WORKER_POLICY = [...BASE_POLICY, "worker-src 'self' blob:"].join('; ');

/** The one realm that may talk to others: hosts of models, known and approved. */
function downloadWorkerPolicy(approvedHosts: readonly string[]): string {
  const sources = ["'self'", ...BUILT_IN_HOSTS, ...approvedHosts].join(' ');
  return BASE_POLICY.map((directive) =>
    directive.startsWith('connect-src') ? `connect-src ${sources}` : directive,
  ).join('; ');
}

const FIXED: Readonly<Record<string, string>> = {
  // Tells a second companion who holds the port.
  server: 'persona-node',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'permissions-policy':
    'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), midi=(), payment=(), display-capture=()',
};

const PAGE_HEADERS = { 'content-security-policy': PAGE_POLICY, ...FIXED };
const INFERENCE_WORKER_HEADERS = { 'content-security-policy': INFERENCE_WORKER_POLICY, ...FIXED };

/** The security headers of the answer to `path`; the path is undefined where none was accepted. */
export function securityHeaders(
  path?: string,
  approvedHosts: readonly string[] = [],
): Readonly<Record<string, string>> {
  if (path?.startsWith('/assets/download-worker') === true)
    return { 'content-security-policy': downloadWorkerPolicy(approvedHosts), ...FIXED };
  return path?.startsWith('/assets/inference-worker') === true ? INFERENCE_WORKER_HEADERS : PAGE_HEADERS;
}
