// Words of the insurer's pages.
import { words } from '@/lib/words';
import en from './insurer.en.json?url';
import zh from './insurer.zh.json?url';

export const w = words<'insurer'>({ zh, en });
