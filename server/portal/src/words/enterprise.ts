// Words of the enterprise's pages.
import { words } from '@/lib/language';

const zh = {
  needs: '融资需求',
  homeLead: '您的融资需求、所处阶段和需要您办理的事项。',
  requestNo: '需求编号',
  amount: '金额',
  term: '期限',
  purpose: '用途',
  state: '状态',
  clock: '时限',
  noNeeds: '您还没有发布融资需求。',
};

const en: typeof zh = {
  needs: 'Financing needs',
  homeLead: 'Your needs, where each stands, and what waits for you.',
  requestNo: 'Need',
  amount: 'Amount',
  term: 'Term',
  purpose: 'Purpose',
  state: 'State',
  clock: 'Clock',
  noNeeds: 'You have not posted a need yet.',
};

export const w = words(zh, en);
