/** Lines of 24 by 24, drawn for this console. */
const shapes = {
    home: "M4 11l8-7 8 7v9h-5v-6H9v6H4z",
    rack: "M5 3v18M19 3v18M5 8h14M5 14h14M5 20h14",
    scan: "M4 8V5a1 1 0 0 1 1-1h3M16 4h3a1 1 0 0 1 1 1v3M20 16v3a1 1 0 0 1-1 1h-3M8 20H5a1 1 0 0 1-1-1v-3M8 9v6M12 9v6M16 9v6",
    camera: "M4 8h3l2-3h6l2 3h3v11H4zM12 17a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z",
    keyboard: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M7 14h10",
    upload: "M12 19V6M6 11l6-6 6 6M5 21h14",
    download: "M12 4v12M6 11l6 6 6-6M5 21h14",
    cloud: "M7 18a4 4 0 0 1-.6-7.95 6 6 0 0 1 11.5 1A3.5 3.5 0 0 1 17.5 18zM9.5 13.500l2 2 3.5-3.5",
    offline: "M3 3l18 18M8.5 8.500A6 6 0 0 0 6.4 10 4 4 0 0 0 7 18h10M11 6.100a6 6 0 0 1 6.9 4.9 3.5 3.5 0 0 1 2.6 5",
    check: "M5 12.500l4.5 4.500L19 7",
    close: "M6 6l12 12M18 6L6 18",
    warning: "M12 4l9 16H3zM12 10v4M12 17h.01",
    stop: "M8 3h8l5 5v8l-5 5H8l-5-5V8zM12 8v5M12 16h.01",
    info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 8h.01",
    lock: "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
    clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3 2",
    pause: "M8 5v14M16 5v14",
    play: "M7 5l11 7-11 7z",
    undo: "M9 7L4 12l5 5M4 12h10a6 6 0 0 1 6 6v1",
    plus: "M12 5v14M5 12h14",
    minus: "M5 12h14",
    back: "M15 5l-7 7 7 7",
    next: "M9 5l7 7-7 7",
    down: "M5 9l7 7 7-7",
    up: "M5 15l7-7 7 7",
    torch: "M8 3h8v4l-2 3v11h-4V10L8 7zM8 7h8M12 13v2",
    flip: "M4 9a8 8 0 0 1 14-3l2 2M20 4v4h-4M20 15a8 8 0 0 1-14 3l-2-2M4 20v-4h4",
    settings: "M4 7h10M18 7h2M4 17h2M10 17h10M14 7a2 2 0 1 0 4 0 2 2 0 0 0-4 0zM6 17a2 2 0 1 0 4 0 2 2 0 0 0-4 0z",
    more: "M4.4 12a.6.6 0 1 0 1.2 0 .6.6 0 1 0-1.2 0M11.4 12a.6.6 0 1 0 1.2 0 .6.6 0 1 0-1.2 0M18.4 12a.6.6 0 1 0 1.2 0 .6.6 0 1 0-1.2 0",
    user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21a8 8 0 0 1 16 0",
    users: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M16 4.500a3.5 3.5 0 0 1 0 6.500M18 14.500a6.5 6.5 0 0 1 3.5 5.5",
    exit: "M14 4H5v16h9M10 12h10M16 8l4 4-4 4",
    history: "M4 12a8 8 0 1 0 2.5-5.800L4 8.500M4 4v4.500h4.500M12 8v4l3 2",
    conflict: "M7 4v6a5 5 0 0 0 5 5 5 5 0 0 1 5 5M17 4v6a5 5 0 0 1-5 5 5 5 0 0 0-5 5",
    box: "M12 3l8 4.500v9L12 21l-8-4.500v-9zM4 7.500l8 4.5 8-4.500M12 12v9",
    photo: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9h.01",
    note: "M6 3h9l4 4v14H6zM14 3v5h5M9 13h6M9 17h6",
    flag: "M6 21V4M6 4h11l-2 4 2 4H6",
    search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM20 20l-4-4",
    chart: "M4 20V4M4 20h16M8 16v-4M12 16V8M16 16v-6",
    live: "M12 13.500a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM8 16a5.5 5.5 0 0 1 0-8M16 8a5.5 5.5 0 0 1 0 8M5 19a10 10 0 0 1 0-14M19 5a10 10 0 0 1 0 14",
    list: "M9 6h11M9 12h11M9 18h11M4 6h.01M4 12h.01M4 18h.01",
    calendar: "M4 6h16v15H4zM4 10h16M8 3v4M16 3v4",
    job: "M4 7h16v13H4zM9 7V4h6v3M4 13h16",
    health: "M3 12h4l3-7 4 14 3-7h4",
    shield: "M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6z",
    sync: "M4 9a8 8 0 0 1 14-3l2 2M20 4v4h-4M20 15a8 8 0 0 1-14 3l-2-2M4 20v-4h4",
    sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.500M17.5 17.500L19 19M19 5l-1.5 1.500M6.5 17.500L5 19",
    sound: "M4 9h4l5-4v14l-5-4H4zM16.5 8.500a5 5 0 0 1 0 7M19 6a9 9 0 0 1 0 12",
    backspace: "M9 5h12v14H9l-6-7zM12 9l6 6M18 9l-6 6",
    edit: "M4 20l1-5L16 4l4 4L9 19z",
    trash: "M4 7h16M9 7V4h6v3M6 7l1 14h10l1-14",
    filter: "M3 5h18l-7 8v6l-4 2v-8z",
    print: "M7 9V3h10v6M7 17H4V9h16v8h-3M7 14h10v7H7z",
    star: "M12 3l2.7 5.7 6.3.8-4.6 4.3 1.2 6.200L12 17l-5.6 3 1.2-6.200L3 9.500l6.3-.8z",
} as const;

export type IconName = keyof typeof shapes;

/** Icons whose meaning is a direction turn with the text. */
const directed: readonly string[] = ["back", "next", "undo", "exit", "backspace", "list", "note"];

export function Icon({ name, class: extra = "" }: { name: IconName; class?: string }) {
    return (
        <svg class={`icon ${directed.includes(name) ? "icon-directed" : ""} ${extra}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d={shapes[name]} />
        </svg>
    );
}
