"""Short ways to write a build.ninja: one edge per line of a scenario."""

# A command that waits here until the scenario is done with its edit: see Running.finish(), which ends
# this very sleep. Longer than any edit takes on a loaded machine, shorter than a stuck build.
NAP = "sleep 9.25"

PRELUDE = "rule sh\n  command = $cmd\n  description = $out\n"


def edge(outputs, command, inputs="", *, implicit="", order_only="", side="", **bindings):
    """One build statement that runs `command`, raw shell text (its $ are escaped here).

    outputs, inputs …: names in ninja's own spelling, separated by spaces; side: implicit outputs.
    bindings: depfile, deps, pool, restat, rspfile, …
    """
    line = f"build {outputs}" + (f" | {side}" if side else "") + f": sh {inputs}"
    line += (f" | {implicit}" if implicit else "") + (f" || {order_only}" if order_only else "")
    text = line.rstrip() + "\n  cmd = " + command.replace("$", "$$") + "\n"
    for name, value in bindings.items():
        text += f"  {name} = {value}\n"
    return text


def phony(name, inputs=""):
    return f"build {name}: phony {inputs}".rstrip() + "\n"


def cc(source, flags="", *, depfile=True, **kwargs):
    """Compiles SOURCE.c to SOURCE.o with gcc, header dependencies absorbed unless depfile=False."""
    base = source.rsplit(".", 1)[0]
    if not depfile:
        return edge(f"{base}.o", f"gcc {flags} -c {source} -o {base}.o", source, **kwargs)
    return edge(f"{base}.o", f"gcc -MD -MF {base}.d {flags} -c {source} -o {base}.o", source,
                depfile=f"{base}.d", deps="gcc", **kwargs)
