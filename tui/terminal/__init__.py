"""Holds everything that leans on private parts of Textual, or on the terminal itself.

No other room of `tui` uses or overrides a private name of Textual, but for the handlers `_on_…`,
which Textual runs beside those of the base class. `tests/tui/terminal/test_hooks.py` looks for
them, and has a guard for each hook, which fails with a sentence when Textual changes it.

`MessagePump._dispatch_message` (unforeseen): an error in a handler is caught before it stops the
    widget; without it any error in one loses an unsaved private key.
`App._handle_exception` (terminal_app): likewise for workers, timers and drawing.
`App._fatal_error` (terminal_app): a report without the local variables, which may be secrets.
`App._display` (terminal_app): updates are sent as differences; without it a letter in the filter
    sends 6 KB instead of 0.4.
`App._batch_count` (terminal_app): whether Textual sends anything now; without it what was never
    sent is taken for shown.
`App._driver` (terminal_app): a private key is sent to the clipboard without being remembered, and
    the driver is asked for keys that wait; without it `y` can be confirmed amid other keys.
`textual._compositor` (frame_diff): what an update holds; as for `App._display`.
`LinuxDriver.run_input_thread` (driver): reads at once, notes the time, survives bytes that are no
    text; without it what is poured in deletes pairs, and a stray byte ends the program.
`LinuxDriver.process_message` (driver): hands keys over one by one; without it keys that are typed
    ahead go to the wrong field.
`LinuxDriver.start_application_mode`, `LinuxDriver.stop_application_mode` (driver): watch the
    terminal, and wipe the screen; without them a lost terminal keeps a processor busy.
`LinuxDriver._sigcont_application`, `LinuxDriver._key_thread`, `LinuxDriver._must_signal_resume`
    (driver): one thread reads on when SIGSTOP was behind SIGCONT; without them a second one mixes
    the keys up, and the terminal is left as the program wants it.
`LinuxDriver._get_terminal_size` (driver): one answer for a terminal of 0 by 0, which would else be
    drawn for ever.
`Driver._app`, `Driver._loop` (driver): to wait for what a key does.
`textual._xterm_parser` (driver): a parser that is started again after nonsense, with what it knows
    of the terminal; without it what follows a broken sequence is lost.
`Input._value`, `Input._position_to_cell` (inert_input): what is typed is drawn inert; without them
    escape sequences that were pasted reach the terminal.
`Stylesheet._parse_cache` (style_sheet): room for every style; without it all of them are parsed
    again at the first use of each screen.
`textual._styles_cache` (style_sheet): is made to forget screens that are gone; without it each
    dialog keeps 0.2 MB.
"""
