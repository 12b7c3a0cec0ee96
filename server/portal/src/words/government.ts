// Words of the government's pages.
import { words } from '@/lib/words';
import en from './government.en.json?url';
import zh from './government.zh.json?url';

export const w = words<'government'>({ zh, en });
