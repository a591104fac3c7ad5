#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Health and alerts of a CXL device, and its dirty shutdowns, in Linux."""

from cxlguest import Guest, Topology, by_serial, main

NAME = 'cxl-health'
SERIAL = 1
PATH = f'/machine/peripheral/mem{SERIAL}'
TRACE = '/sys/kernel/tracing/trace'
KERNEL_ALERTS = (
    # option of cxl, name in its list, threshold
    ('life-used', 'life_used', 50),
    ('over-temperature', 'dev_over_temperature', 60),
    ('under-temperature', 'dev_under_temperature', 5),
    ('volatile-mem-err', 'corrected_volatile_mem_err', 10),
    ('pmem-err', 'corrected_pmem_err', 20),
)
# health that is set, log, type of the event, field of the trace
CROSSINGS = (
    ({'life-used': 51}, 'Warning', 'Life Used Change', 'as_life_used=Warning'),
    ({'life-used': 95}, 'Failure', 'Life Used Change',
     'as_life_used=Critical'),
    ({'life-used': 10}, 'Informational', 'Life Used Change',
     'as_life_used=Normal'),
    ({'temperature': 61}, 'Warning', 'Temperature Change', 'device_temp=61'),
    ({'temperature': 90}, 'Failure', 'Temperature Change',
     'as_dev_temp=Critical'),
    ({'temperature': 25}, 'Informational', 'Temperature Change',
     'as_dev_temp=Normal'),
    ({'temperature': 4}, 'Warning', 'Temperature Change', 'device_temp=4'),
    ({'temperature': 20}, 'Informational', 'Temperature Change',
     'device_temp=20'),
    ({'corrected-volatile-error-count': 10}, 'Warning',
     'Health Status Change', 'as_cor_vol_err_cnt=Warning'),
    ({'corrected-persistent-error-count': 21}, 'Warning',
     'Health Status Change', 'as_cor_per_err_cnt=Warning'),
    ({'media-status': 3}, 'Fatal', 'Media Status Change',
     "media_status='All Data Lost'"),
    ({'media-status': 0}, 'Informational', 'Media Status Change',
     "media_status='Normal'"),
)


def listed(guest, options):
    return guest.json(f'cxl list -M -s {SERIAL} {options}')[0]


def set_health(guest, **health):
    guest.qmp.command('cxl-set-health', path=PATH,
                      **{name.replace('_', '-'): value
                         for name, value in health.items()})


def check_health(tap, guest):
    set_health(guest, life_used=33, temperature=41,
               corrected_volatile_error_count=3,
               corrected_persistent_error_count=4)
    health = listed(guest, '-H')['health']
    tap.equal([health[name] for name in (
        'life_used_percent', 'temperature', 'dirty_shutdowns',
        'volatile_errors', 'pmem_errors')], [33, 41, 0, 3, 4],
              'cxl list -H shows what was set')
    tap.equal([health['media_normal'], health['maintenance_needed'],
               health['ext_life_used'], health['ext_temperature']],
              [True, False, 'normal', 'normal'], 'and all is well')


def check_alerts(tap, guest):
    memdev = by_serial(guest, SERIAL)
    for option, name, threshold in KERNEL_ALERTS:
        tap.succeeds(guest, f'cxl set-alert-config {memdev} '
                     f'--{option}-threshold={threshold} '
                     f'--{option}-alert=on', f'{option}: an alert is set')
        config = listed(guest, '-A')['alert_config']
        tap.equal((config[f'{name}_prog_warn_threshold'],
                   config[f'{name}_prog_warn_threshold_valid']),
                  (threshold, True), f'{option}: and read back')
    status, output = guest.run(f'cxl set-alert-config {memdev} '
                               '--life-used-threshold=90 --life-used-alert=on')
    tap.ok(status, 'a warning must come before the critical alert', output)


def check_crossing(tap, guest, health, log, kind, field, clear=True):
    name = ', '.join(f'{key} {value}' for key, value in health.items())
    if clear:
        guest.must(f'echo >{TRACE}')
    guest.qmp.command('cxl-set-health', path=PATH, **health)
    guest.wait(f'grep -q cxl_memory_module {TRACE}')
    trace = guest.must(f'grep cxl_ {TRACE} || true')
    tap.match(trace, rf'cxl_memory_module: .*serial={SERIAL}\b.*log={log} .*'
              rf"event_type='{kind}'.*{field}( |$)", f'{name}: {log} event')
    tap.equal(trace.count('cxl_memory_module'), 1, f'{name}: just one')


def check_events(tap, guest):
    guest.must('echo 1 >/sys/kernel/tracing/events/cxl/enable')
    for crossing in CROSSINGS:
        check_crossing(tap, guest, *crossing)


def check_alert_off(tap, guest):
    """A threshold whose alert is off is crossed in silence."""
    memdev = by_serial(guest, SERIAL)
    tap.succeeds(guest, f'cxl set-alert-config {memdev} '
                 '--over-temperature-alert=off', 'an alert is taken back')
    config = listed(guest, '-A')['alert_config']
    tap.equal(config['dev_over_temperature_prog_warn_threshold_valid'], False,
              'and no more valid')
    guest.must(f'echo >{TRACE}')
    set_health(guest, temperature=61)
    check_crossing(tap, guest, {'life-used': 52}, 'Warning',
                   'Life Used Change', 'device_temp=61', clear=False)


def check_power(tap, guest):
    """Without software that makes the state dirty nothing counts."""
    guest.qmp.command('cxl-inject-power-loss', path=PATH)
    guest.qmp.command('system_reset')
    guest.guarded(guest.wait_ready)
    health = listed(guest, '-H')['health']
    tap.equal((health['dirty_shutdowns'], health['volatile_errors'],
               health['pmem_errors']), (0, 10, 21),
              'health outlives a loss of power, and it was a clean one')


def test(tap, directory):
    topology = Topology(directory)
    topology.add_memory(SERIAL, persistent=256,
                        options=f',nv={topology.backend("nv1", 1, True)}')
    with Guest(NAME, topology.args()) as guest:
        check_health(tap, guest)
        check_alerts(tap, guest)
        check_events(tap, guest)
        check_alert_off(tap, guest)
        check_power(tap, guest)
        tap.quiet(guest)
        tap.equal(guest.quit(), 0, 'QEMU ends in order')


main(NAME, test)
