// Words of the pages of banks and of the product pages that all institutions share.
import { words } from '@/lib/words';
import en from './bank.en.json?url';
import zh from './bank.zh.json?url';

export const w = words<'bank'>({ zh, en });
