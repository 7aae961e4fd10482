/** Every member that says something, as it is: for who has to find out. */
export function Details({ of }: { of: { readonly [name: string]: unknown } }) {
    return (
        <dl class="details" translate={false} dir="ltr">
            {Object.entries(of)
                .filter(([, value]) => value !== null && value !== "")
                .map(([name, value]) => (
                    <div key={name}>
                        <dt>{name}</dt>
                        <dd class="code">{typeof value === "object" ? JSON.stringify(value, null, 2) : String(value)}</dd>
                    </div>
                ))}
        </dl>
    );
}
