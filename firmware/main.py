"""The power board's program: binds the board to the chip. MicroPython starts it by its name.

Every 2 ms: bytes from the controller, one sample of each voltage, the contacts. Every 20 samples, which are two periods
of the mains, the board gets its readings. The REPL stays on USB; the controller has UART0.
"""

import time

import board
import pins
import power_wire as wire
import sampling
from machine import ADC, UART, WDT, Pin, mem32, reset_cause, unique_id

STEP_MS = 2
WINDOW = 20
BOUNCE_MS = 20
_PWRON_RESET = 1
_WDT_RESET = 3


def coils_for(relays):
    """Bits of `pins.COILS` for what the relays shall mean."""
    return relays ^ wire.ATS_INHIBIT


def count_watchdog_resets(cause):
    """How often the watchdog had to bite since the power came."""
    kept = mem32[pins.SCRATCH]
    count = kept & 0xFFFF if cause == _WDT_RESET and kept >> 16 == pins.SCRATCH_MARK else 0
    if cause == _WDT_RESET:
        count = min(0xFFFF, count + 1)
    mem32[pins.SCRATCH] = pins.SCRATCH_MARK << 16 | count
    return count


def blink(one, uptime_ms):
    """Level of the lamp. Even: driven; short flashes: waiting for the controller; mostly on: something is refused."""
    if one.report.refused:
        return uptime_ms % 1000 < 900
    if one.report.driven:
        return uptime_ms % 1000 < 500
    return uptime_ms % 1000 < 100


def run():
    """For ever."""
    coils = [Pin(number, Pin.OUT, value=0) for number in pins.COILS]
    cause = reset_cause()
    resets = count_watchdog_resets(cause)
    watchdog = WDT(timeout=pins.WATCHDOG_MS)
    uart = UART(0, baudrate=pins.BAUD, tx=Pin(pins.UART_TX), rx=Pin(pins.UART_RX), rxbuf=512, txbuf=1024)
    contacts = [Pin(number, Pin.IN, Pin.PULL_UP) for number in pins.CONTACTS + (pins.TAMPER,)]
    lamp = Pin(pins.LED, Pin.OUT, value=0)
    mains_adc, genset_adc, battery_adc = ADC(pins.ADC_MAINS), ADC(pins.ADC_GENSET), ADC(pins.ADC_BATTERY)
    mains, genset = sampling.Rms(pins.PEAK_DV), sampling.Rms(pins.PEAK_DV)
    battery = sampling.Mean(pins.BATTERY_FULL_CV)
    levels = sampling.Debounce(BOUNCE_MS)
    cause_word = 2 if cause == _WDT_RESET else 1 if cause == _PWRON_RESET else 3
    one = board.Board(unique_id(), cause_word, resets, pins.WATCHDOG_MS, pins.WIRED)
    inverted = pins.OPEN_IS_ACTIVE
    tamper_bit = 1 << len(pins.CONTACTS)
    looked = step = time.ticks_ms()
    samples = shown = closed = 0
    while True:
        now = time.ticks_ms()
        waiting = uart.any()
        if waiting:
            one.receive(uart.read(waiting) or b"", now)
        mains.add(mains_adc.read_u16() >> 4)
        genset.add(genset_adc.read_u16() >> 4)
        battery.add(battery_adc.read_u16() >> 4)
        samples += 1
        raw = 0
        for n, pin in enumerate(contacts):
            if not pin.value():
                raw |= 1 << n
        before = closed
        closed = levels.look(raw, time.ticks_diff(now, looked))
        looked = now
        active, tamper = (closed ^ inverted) & (tamper_bit - 1), not closed & tamper_bit
        if samples == WINDOW:
            samples = 0
            one.sense(mains.take(), genset.take(), battery.take(), active, tamper, now)
            lamp.value(blink(one, one.report.uptime_ms))
        elif closed != before and one.ready:  # a contact moved within the window: with the volts of the last one
            one.sense(one.report.mains_dv, one.report.genset_dv, one.report.battery_cv, active, tamper, now)
        wanted = coils_for(one.relays())
        if wanted != shown:
            shown = wanted
            for n, coil in enumerate(coils):
                coil.value(wanted >> n & 1)
        out = one.outgoing()
        if out:
            uart.write(out)
        watchdog.feed()
        step = time.ticks_add(step, STEP_MS)
        pause = time.ticks_diff(step, time.ticks_ms())
        if pause > 0:
            time.sleep_ms(pause)
        else:
            step = now


if __name__ == "__main__":
    run()
