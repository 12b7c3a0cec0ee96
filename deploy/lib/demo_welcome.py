"""Prints where the demo runs and how to get in."""

import shlex

from demo_load import arguments, run

# One login per role that shows the most.
SHOWN = (("huayin", "企业（广州，知识产权质押 3,000 万元）", "enterprise"),
         ("spdb-guangzhou-maker", "银行经办", "bank maker"),
         ("spdb-guangzhou-checker", "银行审批", "bank checker"),
         ("demo-guarantor-gd-reviewer", "担保尽调", "guarantee reviewer"),
         ("demo-guarantor-gd-checker", "担保审批", "guarantee checker"),
         ("demo-insurer-maker", "保险经办", "insurer"),
         ("authority-gd", "主管部门（广东）", "authority of Guangdong"),
         ("operator", "平台运营", "operator"),
         ("auditor", "审计", "auditor"))


def main():
    options = arguments(__doc__).parse_args()
    with open(options.logins, encoding="utf-8") as file:
        password = file.readline().strip()
    base = f"https://127.0.0.1:{options.port}"
    curl = f"curl --cacert {shlex.quote(options.certificate)}"
    body = f'{{"login":"huayin","password":"{password}"}}'
    print(f"\n融桥已启动 / Rongqiao serves at {base}")
    print("用浏览器打开上面的地址（自签名证书，需确认）/ open it in a browser (its certificate is self-signed: confirm it)\n")
    print(f"密码（各用户相同）/ everybody's password: {password}")
    for login, zh, en in SHOWN:
        print(f"  {login:28} {zh} / {en}")
    print(f"全部用户 / all users: {options.logins}\n")
    print("试一试 / try:")
    print(f"  {curl} '{base}/v1/products?limit=3'")
    print(f"  {curl} -H 'Content-Type: application/json' -d '{body}' {base}/v1/sessions")
    print("Ctrl-C 停止 / stops it; 数据保留 / the data stays")


if __name__ == "__main__":
    run(main)
