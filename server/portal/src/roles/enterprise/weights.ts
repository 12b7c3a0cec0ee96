// The published weights of the score, by version.
import { api, done } from '@/api/client';

export interface Weights {
  version: number;
  cost: number;
  likelihood: number;
  speed: number;
  fit: number;
  service: number;
  per_institution?: number;
  reason: string;
  published_at: string;
}
export const PARTS = ['cost', 'likelihood', 'speed', 'fit', 'service'] as const;

export async function readAllWeights(): Promise<Weights[]> {
  return (await done(api.GET('/v1/reference/weights'))).items as Weights[];
}
/** Those of one version: what a match was ranked by. */
export async function readWeights(version: number): Promise<Record<string, number>> {
  const found = (await readAllWeights()).find((one) => one.version === version);
  return found ? Object.fromEntries(PARTS.map((part) => [part, found[part]])) : {};
}
