// Words of applications, offers, guarantees, rounds, the profile and consents.
import { words } from '@/lib/words';
import en from './enterprise_cases.en.json?url';
import zh from './enterprise_cases.zh.json?url';

export const w = words<'enterprise_cases'>({ zh, en });
