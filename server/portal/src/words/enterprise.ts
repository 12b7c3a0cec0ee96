// Words of the enterprise's navigation and first screen; those of its other pages are in the files beside this one.
import { words } from '@/lib/words';
import en from './enterprise.en.json?url';
import zh from './enterprise.zh.json?url';

export const w = words<'enterprise'>({ zh, en });
