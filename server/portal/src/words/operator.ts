// Words of the operator's and the auditor's pages.
import { words } from '@/lib/language';

const zh = {
  institutions: '机构',
  lead: '接入平台的银行、担保、保险等机构。',
  name: '名称',
  kind: '类型',
  kinds: {
    bank: '银行',
    guarantor: '担保机构',
    re_guarantor: '再担保机构',
    insurer: '保险机构',
    factor: '商业保理',
    fund: '基金',
  } as Record<string, string>,
  region: '地区',
  since: '接入日期',
  none: '还没有接入机构。',
};

const en: typeof zh = {
  institutions: 'Institutions',
  lead: 'Banks, guarantors, insurers and others on the platform.',
  name: 'Name',
  kind: 'Kind',
  kinds: {
    bank: 'bank',
    guarantor: 'guarantor',
    re_guarantor: 're-guarantor',
    insurer: 'insurer',
    factor: 'factor',
    fund: 'fund',
  },
  region: 'Region',
  since: 'Since',
  none: 'No institution was admitted yet.',
};

export const w = words(zh, en);
