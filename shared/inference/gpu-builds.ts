/** Owns the names of the builds of llama.cpp that calculate on a GPU. */
import * as v from 'valibot';

export const GPU_BUILDS = ['cuda', 'metal', 'vulkan'] as const;
export const GpuBuildSchema = v.picklist(GPU_BUILDS);
export type GpuBuild = v.InferOutput<typeof GpuBuildSchema>;

/** Undefined for anything else. */
export function gpuBuildOf(text: string | undefined): GpuBuild | undefined {
  const parsed = v.safeParse(GpuBuildSchema, text);
  return parsed.success ? parsed.output : undefined;
}
