// Words of the insurer's pages.
import { words } from '@/lib/language';

const zh = {
  products: '保险产品',
  lead: '本机构的贷款保证保险产品及其状态。',
  product: '产品',
  premium: '年保费率',
  coverage: '承担比例',
  state: '状态',
  rounds: '对接会',
  statistics: '统计',
  newProduct: '新建产品',
  none: '还没有保险产品。',
};

const en: typeof zh = {
  products: 'Insurance products',
  lead: "Your institution's loan insurance and its state.",
  product: 'Product',
  premium: 'Premium a year',
  coverage: 'Cover',
  state: 'State',
  rounds: 'Rounds',
  statistics: 'Statistics',
  newProduct: 'New product',
  none: 'There is no insurance product yet.',
};

export const w = words(zh, en);
