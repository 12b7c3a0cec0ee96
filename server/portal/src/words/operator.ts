// Words of the operator's and the auditor's pages.
import { words } from '@/lib/words';
import en from './operator.en.json?url';
import zh from './operator.zh.json?url';

export const w = words<'operator'>({ zh, en });
