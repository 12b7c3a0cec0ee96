// Moves of a case that carry more than a reason: what each asks for, in order. `FormMoves.vue` asks it.
import type { Option } from './vocabulary';

export type FieldKind = 'money' | 'number' | 'share' | 'date' | 'text' | 'words' | 'choice' | 'reason';
export interface MoveField {
  name: string;
  /** The document's member to begin with, where it is not of the same name. */
  from?: string;
  label: () => string;
  kind: FieldKind;
  hint?: () => string;
  unit?: () => string;
  optional?: boolean;
  options?: () => Option[];
}
export interface FormMove {
  title: () => string;
  text?: (document: any) => string;
  fields: MoveField[];
}
