// Words of the guarantee institution's pages.
import { words } from '@/lib/words';
import en from './guarantee.en.json?url';
import zh from './guarantee.zh.json?url';

export const w = words<'guarantee'>({ zh, en });
