// The main job played by everybody whose part it is, each in a browser of their own, from an enterprise that knows only how
// much it needs to money that the authority counts: a loan that a guarantor backs, and one that an insurer covers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { person, today } from './support/cases.mjs';
import { checkPage, eventually, password, picture, settled, useBrowser, window } from './support/portal.mjs';

useBrowser();

const PEOPLE = {
  enterprise: 'jinan-electronics',
  maker: 'qingdao-bank-maker',
  checker: 'qingdao-bank-checker',
  reviewer: 'demo-guarantor-sd-reviewer',
  guarantor: 'demo-guarantor-sd-checker',
  authority: 'authority-cn',
};
const BANK = '青岛银行';
const PRODUCT = '科创易贷';
const inDays = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

async function arrives(page, pattern) {
  await page.waitForURL(pattern);
  await settled(page);
}
async function fillDay(where, day) {
  const [year, month, date] = day.split('-').map((part) => String(Number(part)));
  await where.getByLabel('年', { exact: true }).fill(year);
  await where.getByLabel('月', { exact: true }).fill(month);
  await where.getByLabel('日', { exact: true }).fill(date);
}
/** Presses a move of the page and the same in the dialog that asks. */
async function moves(page, name, fill = async () => {}) {
  await page.locator('.page-head, .notice').getByRole('button', { name, exact: true }).first().click();
  const dialog = page.getByRole('dialog').last();
  await fill(dialog);
  await dialog.getByRole('button', { name, exact: true }).click();
  await dialog.waitFor({ state: 'hidden' });
  await settled(page);
}
/** A figure of the dashboard, by its name; a link to what it counts. */
const figure = (page, name) => page.locator('.figures-one').filter({ has: page.getByText(name, { exact: true }) }).getByRole('link');
const valueOf = async (link) => Number((await link.innerText()).replaceAll(',', ''));

test('from a need to the money: enterprise, bank, guarantor, authority', async (t) => {
  const people = {};
  for (const [who, login] of Object.entries(PEOPLE)) people[who] = await window(t, { login });
  const { enterprise, maker, checker, reviewer, guarantor, authority } = people;
  /** What an enterprise asks the server about a need that is not whole yet. */
  enterprise.expect(/^answer 422: POST \S+\/matches\/preview/);
  checker.expect(/^answer 409: POST \S+\/contract/);

  await authority.go('/?region=370000');
  const funded = await valueOf(figure(authority.page, '放款'));

  // The enterprise says what it needs and applies for what fits.
  await enterprise.go('/needs/new');
  const step = async (pattern, fill) => {
    await arrives(enterprise.page, pattern);
    await fill(enterprise.page);
    await enterprise.page.getByRole('button', { name: '保存并继续' }).click();
  };
  await enterprise.page.getByRole('link', { name: '继续', exact: true }).click();
  await step('**/new/amount', async (page) => {
    await page.getByLabel('融资金额').fill('460');
    await page.getByLabel('期限', { exact: true }).fill('12');
  });
  await step('**/new/kinds', (page) => page.getByLabel('担保贷款', { exact: true }).check());
  await step('**/new/purpose', (page) => page.getByLabel('流动资金', { exact: true }).check());
  for (const next of ['backing', 'facts', 'audience']) await step(`**/new/${next}`, async () => {});
  await arrives(enterprise.page, '**/new/check');
  await enterprise.page.getByRole('button', { name: '我确认并提交' }).click();
  await arrives(enterprise.page, '**/posted');
  const number = await enterprise.page.locator('.confirmation-number').innerText();
  await enterprise.page.getByRole('link', { name: '查看匹配结果' }).click();
  await arrives(enterprise.page, '**/matches');
  await enterprise.page.getByRole('checkbox', { name: new RegExp(`^选择 ${PRODUCT}`) }).first().check();
  await enterprise.page.getByRole('link', { name: /^申请所选/ }).click();
  await arrives(enterprise.page, '**/apply?pick=*');
  await enterprise.page.getByRole('button', { name: /^我确认/ }).click();
  await enterprise.page.getByRole('heading', { level: 1, name: /已提交 1 份申请/ }).waitFor();
  await enterprise.page.getByRole('link', { name: new RegExp(BANK) }).click();
  await arrives(enterprise.page, '**/applications/*');
  const application = new URL(enterprise.page.url()).pathname;

  // The package counts on a guarantee; the enterprise asks for it.
  await enterprise.page.getByRole('button', { name: '向担保机构申请' }).click();
  await arrives(enterprise.page, '**/guarantee-cases/*');
  await checkPage(enterprise.page, 'guarantee asked for');
  const guarantee = new URL(enterprise.page.url()).pathname;

  // The bank's maker finds it on the workbench, writes the offer; another person approves it.
  await maker.go('/');
  await maker.page.locator(`a[href^="${application}"]`).click();
  await arrives(maker.page, `**${application}`);
  await moves(maker.page, '开始尽调');
  await maker.page.getByRole('link', { name: '出具授信方案' }).click();
  await arrives(maker.page, '**/offer');
  await maker.page.getByLabel('利率基准').selectOption('fixed');
  await maker.page.getByLabel('年利率', { exact: true }).fill('3.45');
  await maker.page.getByLabel('还款方式').selectOption('interest_first');
  await maker.page.getByLabel('放款前须有融资担保').check();
  await fillDay(maker.page, inDays(20));
  await eventually(async () => assert.match(await maker.page.getByRole('region', { name: '综合年化成本' }).innerText(), /3\.45%/));
  await maker.page.getByRole('button', { name: '提交审批' }).click();
  await arrives(maker.page, '**/offers/*');
  const offer = new URL(maker.page.url()).pathname;
  await checker.go('/offers?state=pending_approval');
  await checker.page.locator(`a[href^="${offer}"]`).first().click();
  await arrives(checker.page, `**${offer}`);
  await moves(checker.page, '审批通过');

  // The enterprise hears of it where it is, and accepts.
  await enterprise.page.getByRole('button', { name: /条未读消息/ }).waitFor();
  await enterprise.go('/');
  await enterprise.page.getByRole('link', { name: new RegExp(`${number}：有授信方案等待您答复`) }).click();
  await settled(enterprise.page);
  await enterprise.go(`${offer}/accept`);
  await enterprise.page.getByRole('button', { name: '我确认，接受这份方案' }).click();
  await arrives(enterprise.page, '**/accepted');

  // No contract without the guarantee: the bank is told so.
  await checker.go(offer);
  await checker.page.getByRole('button', { name: '签约' }).click();
  const contract = checker.page.getByRole('dialog', { name: '签约' });
  await contract.getByLabel('合同编号').fill('HT-TOO-EARLY');
  await contract.getByRole('button', { name: '签约' }).click();
  await contract.getByRole('alert').getByText(/担保/).waitFor();
  await checkPage(checker.page, 'no contract without the guarantee');
  await contract.getByRole('button', { name: '取消' }).click();

  // The guarantor's reviewer looks and proposes; another person approves and puts it in force.
  await reviewer.go('/');
  await reviewer.page.locator(`a[href^="${guarantee}"]`).first().click();
  await arrives(reviewer.page, `**${guarantee}`);
  await moves(reviewer.page, '开始尽调');
  const checklist = reviewer.page.getByRole('region', { name: '审查清单' });
  for (const one of await checklist.getByRole('combobox').all()) await one.selectOption('met');
  await checklist.getByRole('button', { name: '保存结论' }).click();
  await checklist.getByText(/尽调 · \d{4}/).first().waitFor();
  await settled(reviewer.page);
  await moves(reviewer.page, '拟同意', async (dialog) => {
    await dialog.getByLabel('年担保费率').fill('0.8');
    await dialog.getByLabel('付费方').selectOption('enterprise');
    await dialog.getByLabel('尽调意见').fill('经营正常，不要求反担保。');
  });
  await guarantor.go(guarantee);
  await moves(guarantor.page, '审批同意');
  await moves(guarantor.page, '生效', (dialog) => fillDay(dialog, today()));
  await guarantor.go('/in-force');
  await guarantor.page.locator(`a[href^="${guarantee}"]`).first().waitFor();

  // Contract and money.
  await checker.go(offer);
  await moves(checker.page, '签约', (dialog) => dialog.getByLabel('合同编号').fill(`HT-${number}`));
  await moves(checker.page, '放款', async (dialog) => {
    await fillDay(dialog, today());
    await dialog.getByLabel('凭证号').fill(`PZ-${number}`);
  });
  await checker.page.getByText('已放款，结果已反馈给企业和主管部门。').waitFor();

  // The enterprise confirms that it came; the authority's figure has grown by it and leads to it.
  await enterprise.go('/');
  await enterprise.page.getByRole('link', { name: new RegExp(`${number}：确认收到放款`) }).click();
  await settled(enterprise.page);
  await moves(enterprise.page, '确认收款并办结');
  await eventually(async () => assert.equal(await enterprise.page.locator('.stepper-at').innerText().then((text) => text.split('\n')[0]), '办结'));
  await picture(enterprise.page, 'journey-need-closed-zh-1280');
  await authority.go('/?region=370000');
  assert.equal(await valueOf(figure(authority.page, '放款')), funded + 1);
  await figure(authority.page, '放款').click();
  await authority.page.getByText(/指标“.*”的明细/).waitFor();
  await settled(authority.page);
  await authority.page.getByText(number).first().waitFor();
});

test('an insured loan: the operator lets a person in, the insurer lists its cover, the premium is in the price, the money comes', async (t) => {
  const stamp = Date.now().toString(36);
  const [cover, loan] = [`投保履约 ${stamp}`, `投保贷 ${stamp}`];
  const operator = await window(t, { as: 'operator' });
  await operator.go('/users/new');
  await operator.page.getByLabel('用户名').fill(`insurer-${stamp}`);
  await operator.page.getByLabel('姓名').fill('保险审批');
  await operator.page.getByLabel('初始密码').fill(password);
  await operator.page.getByLabel('机构复核', { exact: true }).check();
  await operator.page.getByRole('combobox', { name: '机构' }).fill('示例贷款保证保险机构');
  await operator.page.getByRole('option', { name: '示例贷款保证保险机构' }).click();
  await operator.page.getByRole('button', { name: '新建', exact: true }).click();
  await arrives(operator.page, '**/users');

  // The insurer's maker lists a cover; the person let in publishes it.
  const insurer = await window(t, { as: 'insurer' });
  await insurer.go('/products/new');
  await insurer.page.getByLabel('产品名称').fill(cover);
  await insurer.page.getByLabel(/^年担保费率\/保费率/).fill('1.2');
  await insurer.page.getByLabel(/^承担比例/).fill('80');
  await insurer.page.getByRole('button', { name: '保存', exact: true }).click();
  await arrives(insurer.page, /products\/[0-9a-f-]{36}$/);
  await moves(insurer.page, '提交审核');
  const second = await window(t, { login: `insurer-${stamp}` });
  await second.go(new URL(insurer.page.url()).pathname);
  await moves(second.page, '上架');

  // A bank's loan wants such a cover. The enterprise posts a need and sees the premium in what the loan costs.
  const [maker, checker] = [await person('bank'), await person('bankChecker')];
  const draft = await maker.post('/v1/products', {
    kind: 'insured_loan', name_zh: loan, name_en: 'Insured loan', amount_min_fen: 10_000_000, amount_max_fen: 3_000_000_000, term_min_months: 3,
    term_max_months: 36, rate: { base: 'fixed', low_ppm: 30_000, high_ppm: 30_000 }, repayments: ['interest_first'], insurance: 'required', promised_hours: 8,
  });
  await checker.move('products', await maker.move('products', draft, 'submit'), 'publish');
  const owner = await person('enterprise');
  const need = await owner.post('/v1/needs', { kinds: ['insured_loan'], amount_fen: 310_000_000, term_months: 12, purpose: 'working_capital' });
  const enterprise = await window(t, { as: 'enterprise' });
  await enterprise.go(`/needs/${need.id}/matches`);
  const card = enterprise.page.locator('.package').filter({ hasText: loan });
  assert.match(await card.innerText(), /4\.23%[^]*名义利率 3%/); // 1.2 % of premium a year, paid at once
  await card.getByText(/^贷款保证保险 · /).waitFor();
  await enterprise.page.getByRole('checkbox', { name: new RegExp(`^选择 ${loan}`) }).first().check();
  await enterprise.page.getByRole('link', { name: /^申请所选/ }).click();
  await arrives(enterprise.page, '**/apply?pick=*');
  await enterprise.page.getByRole('button', { name: /^我确认/ }).click();
  await enterprise.page.getByRole('heading', { level: 1, name: /已提交 1 份申请/ }).waitFor();

  // The bank lends; the enterprise says that the money came.
  const { id, package: applied } = (await owner.get(`/v1/applications?need_id=${need.id}`)).items[0];
  const offer = await maker.post('/v1/offers', {
    application_id: id, amount_fen: 310_000_000, term_months: 12, rate: { base: 'fixed', value_ppm: 30_000 }, repayment: 'interest_first',
    valid_until: inDays(20),
  });
  await checker.move('offers', offer, 'approve');
  assert.deepEqual([offer.cost_ppm, offer.cost_is_whole, offer.backing_fees[0].backing], [applied.cost_ppm, true, 'insurance']);
  await enterprise.go(`/offers/${offer.id}/accept`);
  await enterprise.page.getByText(/^保险费（示例贷款保证保险机构） 1\.2%/).waitFor();
  await enterprise.page.getByRole('button', { name: '我确认，接受这份方案' }).click();
  await arrives(enterprise.page, '**/accepted');
  const contract = await checker.move('offers', await checker.get(`/v1/offers/${offer.id}`), 'contract', { contract_no: `HT-${stamp}` });
  await checker.move('offers', contract, 'disburse', { funded_on: today(), funded_fen: 310_000_000, proof_no: `PZ-${stamp}` });
  await enterprise.go(`/needs/${need.id}`);
  await moves(enterprise.page, '确认收款并办结');

  // The operator finds the cover and who listed it.
  await operator.go('/products?kind=insurance');
  await operator.page.getByRole('link', { name: cover }).click();
  await arrives(operator.page, /products\/[0-9a-f-]{36}$/);
  await operator.page.getByText('示例贷款保证保险机构').first().waitFor();
});
