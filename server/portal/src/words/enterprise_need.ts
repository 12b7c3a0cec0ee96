// Words of posting a need and of its matches.
import { words } from '@/lib/words';
import en from './enterprise_need.en.json?url';
import zh from './enterprise_need.zh.json?url';

export const w = words<'enterprise_need'>({ zh, en });
