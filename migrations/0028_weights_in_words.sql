-- Why the first two versions of the weights are as they are, in Chinese too: a reason is one text, for whoever reads it.
-- What was published with them (score_weights.document, its version, its day) stays as it was.
update score_weights w set reason = r.told
from (values
    (1, 'first publication: cost 30, likelihood 25, speed 20, fit 15, service 10',
        '首次公布：综合成本 30、获批可能 25、办理速度 20、条件契合 15、服务记录 10。'
        'First publication: cost 30, likelihood 25, speed 20, fit 15, service 10.'),
    (2, 'at most five packages of one institution are shown for a need; the order is told',
        '每项需求最多显示同一机构的五个产品；公布排序的次序。'
        'At most five packages of one institution are shown for a need; the order is told.')) r (version, was, told)
where w.version = r.version and w.reason = r.was;
