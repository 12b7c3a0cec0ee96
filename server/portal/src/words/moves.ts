// What each move of a case is called on its button, by kind and action.
import { words } from '@/lib/words';
import en from './moves.en.json?url';
import zh from './moves.zh.json?url';

export const moves = words<'moves'>({ zh, en });
