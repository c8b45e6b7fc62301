#!/usr/bin/env python3
"""Writes templates.json: what Jinja2 makes of the templates below. Run: python3 tests/golden/templates.py

A row is {template, data, includes?, result} or, where Jinja2 raises, {template, data, fails: true}.
"""
import json
import pathlib

import jinja2

DATA = {
    "name": "Ada", "text": "the quick brown fox jumps over the lazy dog", "empty": "", "nothing": None,
    "yes": True, "no": False, "n": 7, "zero": 0, "negative": -3, "x": 2.5, "big": 1e20, "small": 1.5e-7, "whole": 3.0,
    "list": ["b", "a", "C"], "numbers": [3, 1, 2], "none_listed": [], "nested": [[1, 2], [3, 4]],
    "user": {"name": "Bob", "tags": ["x", "y"], "address": {"city": "Oslo"}, "age": 41},
    "people": [{"name": "Cy", "age": 30, "ok": True}, {"name": "Di", "age": 25, "ok": False}, {"name": "al", "age": 30, "ok": True}],
    "accents": "Äpfel & Öl — straße \u2028 \U0001F600", "lines": "one\ntwo\n\nthree\n", "spaces": "  padded \t\n",
    "quotes": "it's \"quoted\" \\ back", "html": "<b>&amp;</b>", "template": "{{ name }}{% if x %}", "tab": "a\tb\rc\x01\x7f\xad",
    "numeric": " 42 ", "decimal": "3.7", "word": "not a number", "mixed": [1, "a", None, True, 2.0, {"k": [1]}],
    "a-b": 1,
}

T = r"""
plain text
{{ name }}
{{name}}{{ n }}
{{ user.name }} lives in {{ user.address.city }}
{{ user['name'] }} {{ user["address"]["city"] }} {{ user.tags[0] }} {{ user.tags[-1] }} {{ nested[1][0] }} {{ list.1 }}
{{ text[0] }}{{ text[-1] }} {{ accents[0] }} {{ accents[-1] }}
{{ yes }} {{ no }} {{ nothing }} {{ n }} {{ x }} {{ big }} {{ small }} {{ whole }} {{ negative }}
{{ list }} {{ mixed }} {{ user }} {{ nested }} {{ none_listed }} {{ {} }}
{{ [quotes] }} {{ [accents] }} {{ [tab] }} {{ ["it's"] }} {{ ['say "x"'] }}
{{ template }}
{{ 1e16 }} {{ 1e15 }} {{ 123456789012345680.0 }} {{ 0.0001 }} {{ 0.00001 }} {{ 1.0 }} {{ 100.25 }} {{ 1e-7 }} {{ 5e22 }}
{{ 0x1f }} {{ 0b101 }} {{ 0o17 }} {{ 1_000 }} {{ 1.5e3 }} {{ 1_0.5 }}
{{ 'a' 'b' "c" }} {{ 'it\'s' }} {{ "tab\tnew\nline" }} {{ '\x41\u00e9\U0001F600' }} {{ '\101' }} {{ '\d' }}
{{ 1 + 2 }} {{ 1 - 2 }} {{ 2 * 3 }} {{ 7 / 2 }} {{ 7 // 2 }} {{ 7 % 3 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 4 / 2 }}
{{ 7.5 // 2 }} {{ -7.5 // 2 }} {{ -7.5 % 2 }} {{ 7.5 % -2 }} {{ 0.1 + 0.2 }} {{ 1 + 2.0 }} {{ 6.0 // -4 }} {{ 6.0 % -4 }} {{ -0.0 // 3 }}
{{ 1 + 2 * 3 }} {{ (1 + 2) * 3 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }} {{ 10 - 3 - 2 }} {{ 100 / 10 / 2 }} {{ 2 * 3 % 4 }}
{{ 'a' + 'b' }} {{ 'ab' * 3 }} {{ 3 * 'ab' }} {{ [1] + [2] }} {{ [1, 2] * 2 }} {{ 'x' * -1 }}|
{{ 'a' ~ 1 ~ none ~ 2.0 ~ true ~ [1] }} {{ 'a' + 1 ~ 3 }} {{ (1 ~ 2) ~ 3 * 2 }}
{{ 1 ~ 2 + 3 }}
{{ true + 1 }} {{ true * 2 }} {{ -true }} {{ +5 }} {{ -n }} {{ - -n }} {{ --n }}
{{ n > 5 }} {{ n >= 7 }} {{ n < 7 }} {{ n <= 7 }} {{ n == 7 }} {{ n != 7 }} {{ 7 == 7.0 }} {{ 1 == true }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }}
{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 1 == 1 == true }} {{ 'a' == 1 }} {{ none == none }} {{ [1] == [1.0] }}
{{ 'ui' in text }} {{ 'zz' in text }} {{ 'a' in list }} {{ 'z' not in list }} {{ 'name' in user }} {{ 2.0 in numbers }} {{ 'A' in 'a' }} {{ 5 in user }}
{{ not yes }} {{ not not yes }} {{ yes and no }} {{ yes or no }} {{ no or name }} {{ name and n }} {{ empty or 'fallback' }} {{ not n == 7 }} {{ not 'a' in list }}
{{ 1 and 2 or 3 }} {{ 0 or 0.0 or '' or [] or 'end' }} {{ yes and not no }}
{{ 'big' if n > 5 else 'small' }} {{ 'big' if n > 50 else 'small' }} {{ 'a' if no else 'b' if no else 'c' }} {{ ('x' if yes else 'y') ~ 'z' }}
{{ name if name is defined else 'x' }} {{ missing if missing is defined else 'x' }} {{ missing is defined }} {{ missing is undefined }} {{ missing is not defined }}
{{ user.missing is defined }} {{ user.missing | default('none') }} {{ missing | default('d') }} {{ missing | d }} {{ empty | default('e') }} {{ empty | default('e', true) }} {{ nothing | default('e', boolean=true) }} {{ n | default(1) }}
{{ numbers[9] is defined }} {{ numbers[9] | default('out') }} {{ missing | default(default_value=3) }} {{ missing | default(other | default('deep')) }}
{{ nothing is none }} {{ nothing is not none }} {{ n is number }} {{ yes is number }} {{ n is integer }} {{ yes is integer }} {{ x is float }} {{ name is string }} {{ list is sequence }} {{ list is iterable }} {{ user is mapping }} {{ n is iterable }} {{ yes is boolean }} {{ yes is true }} {{ no is false }} {{ 1 is true }}
{{ n is odd }} {{ n is even }} {{ n is divisibleby 7 }} {{ n is divisibleby(2) }} {{ n is eq 7 }} {{ n is gt 3 }} {{ n is lt(3) }} {{ 'a' is in list }} {{ 'q' is not in(list) }} {{ n is ge 7 and n is le 7 }} {{ n is ne 7 or yes }} {{ 'abc' is lower }} {{ 'ABC' is upper }} {{ 'Abc' is lower }} {{ '12' is upper }}
{{ name | upper }} {{ name | lower }} {{ accents | upper }} {{ accents | lower }} {{ n | upper }} {{ 'ΑΣ' | lower }}
{{ spaces | trim }}| {{ 'xxaxx' | trim('x') }} {{ '' | trim }}| {{ n | trim }} {{ '\u00a0a\u2003' | trim }}|
{{ 'hello world' | capitalize }} {{ 'HELLO' | capitalize }} {{ 'hello wORLD foo-bar (baz)' | title }} {{ '' | capitalize }}| {{ "it's o'clock" | title }} {{ 'straße élan' | title }}
{{ list | join(', ') }} {{ list | join }} {{ numbers | join('-') }} {{ mixed | join('|') }} {{ people | join(', ', attribute='name') }} {{ people | join(attribute='age') }} {{ user | join(',') }} {{ 'abc' | join('.') }} {{ none_listed | join('x') }}|
{{ list | length }} {{ text | length }} {{ accents | length }} {{ user | count }} {{ none_listed | length }}
{{ user | tojson }} {{ list | tojson }} {{ name | tojson }} {{ nothing | tojson }} {{ yes | tojson }} {{ x | tojson }} {{ big | tojson }} {{ accents | tojson }} {{ quotes | tojson }} {{ html | tojson }} {{ tab | tojson }} {{ none_listed | tojson }} {{ {} | tojson }}
{{ user | tojson(indent=2) }} {{ nested | tojson(2) }} {{ none_listed | tojson(2) }} {{ user | tojson(indent=0) }}
{{ text | truncate(9) }} {{ text | truncate(9, true) }} {{ text | truncate(11, false, '!') }} {{ text | truncate(40, leeway=5) }} {{ text | truncate(40, leeway=0) }} {{ text | truncate }} {{ 'ab' | truncate(3) }} {{ 'äöüäöüäöüäöü' | truncate(8, true, '…', 0) }} {{ text | truncate(3) }} {{ 'averyveryverylongword' | truncate(9) }}
{{ text | replace('quick', 'slow') }} {{ 'aaa' | replace('a', 'b', 2) }} {{ 'abc' | replace('', '-') }} {{ 'a.b' | replace('.', '') }} {{ n | replace('7', '8') }} {{ 'aaa' | replace('a', 'b', 0) }} {{ 'aaa' | replace('a', 'aa') }}
{{ 42.55 | round }} {{ 42.55 | round(1) }} {{ 42.55 | round(1, 'floor') }} {{ 42.55 | round(1, 'ceil') }} {{ 2.5 | round }} {{ 3.5 | round }} {{ 42 | round }} {{ 42 | round(2) }} {{ 2.675 | round(2) }} {{ 1234.5 | round(-2) }} {{ -2.5 | round }} {{ 42.5 | round | int }} {{ 42 | round(0, 'ceil') }} {{ 1e300 | round(5) }} {{ 25 | round(-1) }} {{ 0.5 | round(method='ceil') }}
{{ lines | indent }}| {{ lines | indent(2, true) }}| {{ lines | indent(2, blank=true) }}| {{ lines | indent(width='> ') }}| {{ 'x' | indent(3, first=true) }} {{ '' | indent(2, true) }}|
{{ list | first }} {{ list | last }} {{ text | first }} {{ text | last }} {{ user | first }} {{ none_listed | first | default('none') }}
{{ numeric | int }} {{ decimal | int }} {{ word | int }} {{ word | int(5) }} {{ 3.9 | int }} {{ -3.9 | int }} {{ '0x1f' | int(base=16) }} {{ 'ff' | int(0, 16) }} {{ '1e3' | int }} {{ true | int }} {{ nothing | int }} {{ '-7' | int }} {{ '1_000' | int }}
{{ decimal | float }} {{ word | float }} {{ word | float(1.5) }} {{ n | float }} {{ '1e3' | float }} {{ nothing | float }}
{{ list | sort }} {{ list | sort(case_sensitive=true) }} {{ numbers | sort(reverse=true) }} {{ people | sort(attribute='age') | map(attribute='name') | join(',') }} {{ people | sort(attribute='name') | map(attribute='name') | list }} {{ people | sort(true, attribute='age') | map(attribute='name') | join(',') }}
{{ numbers | sum }} {{ people | sum(attribute='age') }} {{ numbers | sum(start=10) }} {{ numbers | min }} {{ numbers | max }} {{ list | min }} {{ list | max }} {{ people | max(attribute='age') }} {{ none_listed | max | default('no') }} {{ list | min(case_sensitive=true) }}
{{ numbers | reverse | list }} {{ 'abc' | reverse }} {{ ['a', 'A', 'b', 'a'] | unique | join }} {{ ['a', 'A', 'b'] | unique(true) | join }} {{ 'abc' | list }} {{ user | list }} {{ n | string ~ '!' }} {{ negative | abs }} {{ -2.5 | abs }} {{ -2 | abs }} {{ text | wordcount }} {{ "it's two" | wordcount }}
{{ (user | dictsort)[0][0] }} {{ ({'b': 1, 'A': 2} | dictsort)[0][1] }} {{ ({'b': 1, 'A': 2, 'a': 3} | dictsort(true))[1][0] }} {{ ({'b': 1, 'a': 2} | dictsort(by='value', reverse=true))[0] | join }} {{ ({'b': 1} | items | list)[0] | join('=') }}
{{ people | selectattr('ok') | map(attribute='name') | join(',') }} {{ people | rejectattr('ok') | map(attribute='name') | join(',') }} {{ people | selectattr('age', 'gt', 26) | map(attribute='name') | join(',') }} {{ people | selectattr('name', 'in', ['Cy']) | list | length }} {{ numbers | select('odd') | list }} {{ numbers | reject('gt', 1) | list }} {{ mixed | select | list }} {{ list | map('upper') | join }} {{ people | map(attribute='zip', default='?') | join }}
{{ text.upper() }} {{ text.split()[1] }} {{ 'a,b,,c'.split(',') }} {{ spaces.strip() }}| {{ name.startswith('A') }} {{ name.endswith('x') }} {{ user.keys() | list }} {{ user.get('name') }} {{ user.get('q', 'dflt') }} {{ user.get('q') }} {{ user.values() | list | length }} {{ 'aXa'.replace('X', '-') }} {{ ','.join(list) }} {{ 'xxa'.lstrip('x') }} {{ 'axx'.rstrip('x') }} {{ 'abc'.capitalize() }} {{ lines.splitlines() }}
{{ text[1:5] }} {{ text[:3] }} {{ text[-3:] }} {{ numbers[::-1] }} {{ text[::5] }} {{ numbers[1:] }} {{ numbers[:-1] }} {{ numbers[5:] }} {{ text[10:2] }}| {{ text[10:2:-2] }} {{ numbers[-100:100] }}
{{ -5 | abs }} {{ (-5) | abs }} {{ 1 + -5 | abs }} {{ name | upper ~ '!' }} {{ (name ~ '!') | upper }} {{ not name is string }} {{ n is odd and x is float }} {{ name | lower is eq 'ada' }}
{{ name|upper|lower|title }} {{ ((((1)))) }} {{ [1, [2, [3]]] }} {{ {'a': 1, 'b': [1, 2]} }} {{ {'a': {'b': 'c'}}.a.b }} {{ [1, 2,] }} {{ {'a': 1,} }}
{% if yes %}A{% endif %}{% if no %}B{% endif %}{% if n > 5 %}C{% elif n > 3 %}D{% else %}E{% endif %}
{% if no %}A{% elif no %}B{% elif yes %}C{% else %}D{% endif %}{% if no %}A{% elif no %}B{% else %}D{% endif %}
{% if list %}l{% endif %}{% if none_listed %}n{% endif %}{% if empty %}e{% endif %}{% if nothing %}x{% endif %}{% if zero %}z{% endif %}{% if user %}u{% endif %}
{% for i in numbers %}{{ i }},{% endfor %}
{% for i in numbers %}{{ loop.index }}/{{ loop.length }}:{{ i }}{% if not loop.last %}, {% endif %}{% endfor %}
{% for i in numbers %}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }};{% endfor %}
{% for i in none_listed %}x{% else %}none{% endfor %}{% for i in numbers %}{{ i }}{% else %}none{% endfor %}
{% for k in user %}{{ k }} {% endfor %}{% for k, v in user.items() %}{{ k }}={{ v }};{% endfor %}{% for k, v in user | dictsort %}{{ k }} {% endfor %}
{% for a, b in nested %}{{ a }}-{{ b }} {% endfor %}{% for (a, b) in nested %}{{ a + b }} {% endfor %}
{% for c in 'añb' %}[{{ c }}]{% endfor %}
{% for i in numbers if i > 1 %}{{ loop.index }}:{{ i }} {% endfor %}{% for i in numbers if i > 9 %}x{% else %}none{% endfor %}
{% for i in numbers if i != 1 %}{{ loop.length }}{{ loop.last }}{% endfor %}
{% for row in nested %}{% for i in row %}{{ loop.index }}{{ i }} {% endfor %}{{ loop.index }};{% endfor %}
{% for p in people %}{{ p.name }}{{ loop.cycle('+', '-') }}{% if loop.nextitem is defined %}<{{ loop.nextitem.name }}{% endif %}{% if loop.previtem is defined %}>{{ loop.previtem.name }}{% endif %} {% endfor %}
{% for i in range(3) %}{{ i }}{% endfor %} {% for i in range(1, 4) %}{{ i }}{% endfor %} {% for i in range(10, 0, -3) %}{{ i }} {% endfor %}{{ range(3) | list }} {{ range(5) | sum }}
{% for name in list %}{{ name }}{% endfor %}{{ name }}
{% set y = 5 %}{{ y }} {% set y = y + 1 %}{{ y }} {% set a, b = 1, 2 %}{{ a }}{{ b }} {% set name = name ~ '!' %}{{ name }}
{% set y = 1 %}{% for i in numbers %}{% set y = i %}{{ y }}{% endfor %}{{ y }}
{% set y = 1 %}{% for i in numbers %}{{ y }}{% set y = i %}{{ y }} {% endfor %}
{% if yes %}{% set q = 1 %}{% endif %}{{ q }}{% if no %}{% set r = 1 %}{% endif %}{{ r is defined }}
{% for i in numbers %}{% if i == 1 %}{% set s = 'set' %}{% endif %}{{ s | default('unset') }} {% endfor %}
{% set l = [1, 2] %}{% for i in l %}{% set l = [9] %}{{ i }}{{ l }}{% endfor %}{{ l }}
a {#- comment -#} b{# {{ name }} #}{#x#}
{% raw %}{{ name }} {% if %} {# no #}{% endraw %} {%- raw -%}  {{ x }}  {%- endraw -%}  end
a  {{- name -}}  b {{- n }} c
a {%- if yes -%} b {%- endif -%} c  {%+ if yes +%} d {% endif %}
{{ "}}" }} {{ '%}' }} {{ {'a': {'b': 1}}['a'] }} {% if '%}' %}x{% endif %} { { } } {x} %} }}
{{name}}
  {{ user.name}}{{user.name }}
{{ () | length }}{{ (1,) | length }}{{ (1, 2)[0] }}
{% include 'footer.txt' %}|{% include "sub/list.txt" %}
{% for i in numbers %}{% include 'item.txt' %}{% endfor %}{% set v = 'here' %}{% include 'uses_v.txt' %}
a  {%- include 'footer.txt' -%}  b
{% include 'sets.txt' %}{{ inner is defined }}
{{ missing }}
{{ user.missing }}
{{ missing.attribute }}
{{ missing.attribute is defined }}
{{ missing | upper }}
{% if missing %}x{% endif %}
{% for i in missing %}x{% endfor %}
{{ numbers[9] }}
{{ 'a' in missing }}
{{ missing == 1 }}
{{ 'a' if no }}
{{ none_listed | first }}
{{ 1 + 'a' }}
{{ 1 < 'a' }}
{{ 1 / 0 }}
{{ n | length }}
{% for i in n %}{% endfor %}
{{ 1 in 5 }}
{{ [1] < ['a'] }}
{{ {} < {} }}
{% for a, b in [[1]] %}{% endfor %}
{{ list | sort(attribute='q') }}
{{ ['a', 1] | sort }}
{{ text | truncate(2) }}
{{ 'x' | round }}
{{ text[::0] }}
{% if no %}{{ missing }}{% endif %}ok
{{ yes or missing }} {{ no and missing }}
{{ loop }}
""".strip("\n").split("\n")

MULTILINE = [
    "Line one\n  {{ name }}\n\n",
    "{% for i in numbers %}\n- {{ i }}\n{% endfor %}\n",
    "{% for i in numbers -%}\n- {{ i }}\n{% endfor -%}\n  end\n",
    "{%- if yes %}\n  yes\n{%- else %}\n  no\n{%- endif %}\n",
    "{{ user\n   .name\n   | upper }}\n",
    "a\r\nb {{ name }}\r\n",
    "{# a\nb #}\nc\n",
    "{{- name }}\n\n{{ name -}}\n\n",
    "Question: {{ text }}\nContext:\n{% for p in people %}{{ loop.index }}. {{ p.name | upper }} ({{ p.age }})\n{% endfor %}Answer:",
    "{{ 'a\nb' }}",
    "{% raw %}\n  {{ x }}\n{% endraw %}\n",
    "  {%- raw %}\n a {% endraw -%}\n b",
]

INCLUDES = {
    "footer.txt": "-- {{ name }} --\n",
    "sub/list.txt": "{% for i in list %}{{ i }};{% endfor %}{% include 'footer.txt' %}",
    "item.txt": "<{{ i }}>",
    "uses_v.txt": "{{ v }}",
    "sets.txt": "{% set inner = 1 %}{{ inner }}",
}


def main():
    environment = jinja2.Environment(loader=jinja2.DictLoader(INCLUDES), undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    rows = []
    for template in T + MULTILINE:
        try:
            rows.append({"template": template, "result": environment.from_string(template).render(DATA)})
        except (jinja2.TemplateError, TypeError, ZeroDivisionError, ValueError, AssertionError):
            rows.append({"template": template, "fails": True})
    out = {
        "tool": f"Jinja2 {jinja2.__version__}, StrictUndefined, keep_trailing_newline",
        "command": "python3 tests/golden/templates.py",
        "data": DATA,
        "includes": INCLUDES,
        "rows": rows,
    }
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(out, indent=1, ensure_ascii=True) + "\n")
    print(f"{path}: {len(rows)} rows, {sum('fails' in row for row in rows)} fail")


main()
