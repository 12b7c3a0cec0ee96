// Routes that the server does not have yet in every checkout; those it has are typed by its own document.
import type { CalendarDays, Job, List, Notification, Nudge, Problem, WeightsTrialResult } from './documents';
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
  '/v1/views': {
    get: {
      parameters: { query?: { cursor?: string; limit?: number } };
      responses: { 200: Ok<List>; default: Fault };
    };
  };
  '/v1/enterprises/{id}/views': {
    get: {
      parameters: { path: { id: string }; query?: { cursor?: string; limit?: number } };
      responses: { 200: Ok<List>; default: Fault };
    };
  };
  '/v1/jobs': {
    get: { parameters: Record<string, never>; responses: { 200: Ok<{ as_of: string; items: Job[] }>; default: Fault } };
  };
  '/v1/reference/calendar': {
    get: { parameters: { query?: { year?: number } }; responses: { 200: Ok<CalendarDays>; default: Fault } };
    post: {
      parameters: Record<string, never>;
      requestBody: { content: { 'application/json': { days: { day: string; is_workday: boolean; name: string; remove?: boolean }[] } } };
      responses: { 200: Ok<CalendarDays>; default: Fault };
    };
  };
  '/v1/reference/weights/what-if': {
    post: {
      parameters: Record<string, never>;
      requestBody: { content: { 'application/json': Record<'cost' | 'likelihood' | 'speed' | 'fit' | 'service', number> } };
      responses: { 200: Ok<WeightsTrialResult>; default: Fault };
    };
  };
  '/v1/search': {
    get: {
      parameters: { query: { q: string; limit?: number } };
      responses: { 200: Ok<List>; default: Fault };
    };
  };
}
export type AllPaths = paths & Omit<Coming, keyof paths>;
