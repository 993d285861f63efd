"""What is wired where on the power board (Raspberry Pi Pico, RP2040), and what its counts are worth.

The table in README.md says the same; a test compares them.
"""

UART_TX = 0
UART_RX = 1
BAUD = 115200

#: Coils, in the order of power_wire.RELAYS; high = coil on. Each needs a pull-down of its own: coils are off while the
#: chip starts. The ATS inhibit is wired through the normally closed contact: its coil takes the inhibit *away*.
GENSET_START = 2
ATS_PERMIT = 3
SHED_1 = 4
SHED_2 = 5
COILS = (GENSET_START, ATS_PERMIT, SHED_1, SHED_2)

#: Contacts, in the order of power_wire.CONTACTS; pulled up, a closed contact reads 0.
CONTACTS = (6, 7, 8, 9, 10, 11, 12)
#: Contacts that are active when open: the door.
OPEN_IS_ACTIVE = 0b0000010
#: Which of them are wired: all but the mains contact and the door, which are the controller's.
WIRED = 0b1111100
#: A loop through the case: open = somebody is inside.
TAMPER = 13

LED = 25

ADC_MAINS = 26
ADC_GENSET = 27
ADC_BATTERY = 28

#: Mains and genset come through a transformer, biased to half of 3.3 V: this peak, in 0.1 V, is half of the range.
PEAK_DV = 4500
#: The battery comes through a divider: this, in 0.01 V, is the whole range.
BATTERY_FULL_CV = 3600

#: RP2040 datasheet 4.7.6, watchdog SCRATCH0: survives a reset by the watchdog; counts them, under a mark.
SCRATCH = 0x4005800C
SCRATCH_MARK = 0x5057

WATCHDOG_MS = 8000  # at most 8388 on this chip
