// Words of the shell and of the components. Each area has its own file beside this one, made the same way.
import { words } from '@/lib/words';
import en from './common.en.json?url';
import zh from './common.zh.json?url';

export const w = words<'common'>({ zh, en });
