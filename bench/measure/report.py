"""Medians and ratios with their spread, for people and as JSON."""
import os
import pathlib
import re
import statistics


OTHERS = ('kafka', 'before', 'floor')   # what Jackdaw is compared with


def spread(values):
    """'median (least to most)'."""
    middle = statistics.median(values)
    return f'{short(middle)} ({short(min(values))}-{short(max(values))})'


def short(value):
    if value == 0:
        return '0'
    return f'{value:,.0f}' if abs(value) >= 1000 else f'{value:.3g}'


def ratios(rounds, over, figure, worst):
    """Jackdaw's value to the other's, round by round: both were measured within the same minute. Or that of the worst rounds."""
    pairs = [(turn['jackdaw'][figure], turn[over][figure]) for turn in rounds if 'jackdaw' in turn and over in turn]
    if worst and pairs:
        pairs = [tuple(max(values) for values in zip(*pairs))]
    return [ours / theirs for ours, theirs in pairs if theirs]


def verdict(figure, found):
    if figure.target is None:
        return ''
    middle = statistics.median(found)
    met = middle <= figure.target if figure.best == 'low' else middle >= figure.target
    return f'{"met" if met else "MISSED"}: at {"most" if figure.best == "low" else "least"} {short(figure.target)}'


def machine():
    cpu = re.search(r'model name\s*: (.*)', pathlib.Path('/proc/cpuinfo').read_text())
    load = os.getloadavg()[0]
    return f'{os.cpu_count()} cores ({cpu.group(1) if cpu else "unknown"}), Linux {os.uname().release}, load {load:.2f}'


def summary(scenario, rounds):
    """One row for each figure, as a dict."""
    rows = {}
    for name, figure in scenario.figures.items():
        row = {'unit': figure.unit}
        for server in ('jackdaw', *OTHERS):
            values = [turn[server][name] for turn in rounds if server in turn]
            if values:
                row[server] = values
        for over in OTHERS:
            if found := ratios(rounds, over, name, figure.worst):
                row[f'of_{over}'] = found
        if 'of_kafka' in row:
            row['verdict'] = verdict(figure, row['of_kafka'])
        rows[name] = row
    return rows


def table(title, about, rows):
    lines = [f'{title}: {about}']
    for name, row in rows.items():
        lines.append(f'  {name}, {row["unit"]}')
        for server in ('jackdaw', *OTHERS):
            if server in row:
                lines.append(f'    {server:<16} {spread(row[server])}')
        for over in OTHERS:
            if f'of_{over}' in row:
                note = f'   {row["verdict"]}' if over == 'kafka' and row.get('verdict') else ''
                lines.append(f'    jackdaw/{over:<8} {spread(row[f"of_{over}"])}{note}')
    return '\n'.join(lines) + '\n'
