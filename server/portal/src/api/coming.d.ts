// Routes that the server does not have yet in every checkout; those it has are typed by its own document.
import type { List, Notification, Nudge, Problem } from './documents';
import type { paths } from './schema';

type Fault = { content: { 'application/problem+json': Problem } };
type Ok<T> = { content: { 'application/json': T } };
interface Coming {
  '/v1/nudges': {
    get: {
      parameters: { query?: { cursor?: string; limit?: number } };
      responses: { 200: Ok<List>; default: Fault };
    };
    post: {
      parameters: Record<string, never>;
      requestBody: { content: { 'application/json': { subject_kind: 'need' | 'application' | 'offer' | 'guarantee_case'; subject_id: string; message: string } } };
      responses: { 201: Ok<Nudge>; default: Fault };
    };
  };
}
export type AllPaths = paths & Omit<Coming, keyof paths>;
