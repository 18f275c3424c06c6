# JSON graphs: the schema and bxl-graph agree on what is a graph, the shipped examples among them.
source "${BASH_SOURCE[0]%/*}/common.sh"
python3 -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is not installed"

cat >check.py <<'PY'
import json, os, subprocess, sys
import jsonschema
top = sys.argv[1]
schema = json.load(open(f"{top}/lib/frontend/json/graph.schema.json"))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
P = {"id": "a", "command": "x"}
W = {"id": "w", "kind": "write-file", "path": "x"}
C = {"id": "c", "kind": "copy-file", "from": "x", "to": "y"}
S = {"id": "s", "kind": "source", "path": "src"}
F = {"id": "s", "kind": "full", "path": "src"}
def pip(base, **more): return {"version": 1, "pips": [{**base, **more}]}
good = [
    {"version": 1, "pips": []}, {"$schema": "x", "version": 1, "pips": [P], "defaults": ["a"], "module": "m"},
    pip(P, command=["a", ""]), pip(P, kind="process"), pip(P, env={"A": ""}, passEnv=["B"], cwd="d"),
    pip(P, inputs=["a", "b"], outputs=["c"], optionalOutputs=["d"], dependencies=[]),
    pip(P, outputDirectories=[{"path": "d", "kind": "shared"}]), pip(P, stdin="f", stdout="o", stderr="o"),
    pip(P, stdin={"text": ""}), pip(P, responseFile={"path": "r", "content": ""}), pip(P, untracked=["/tmp/x"]),
    pip(P, undeclaredReads="deny", doubleWrites="allowSameContent", cacheable=False, console=True),
    pip(P, timeoutMs=1, successExitCodes=[0, 255], retryExitCodes=[7], retries=100, weight=9),
    pip(P, uncacheableExitCodes=[3], failOnStderr=True, retryAttemptVariable="N", outputExclusions=["d/x"], stderr="e", stdout="o"),
    pip(P, breakawayProcesses=["a", {"program": "b", "arguments": "--server", "ignoreCase": True}], survivorGraceMs=0, warningRegex="w|x", errorRegex=""),
    {**pip(P, pool="p"), "pools": {"p": 3}}, {**pip(P, inputs=[{"seal": "s"}]), "seals": [S]},
    {**pip(P), "seals": [{**S, "recursive": False}, {**F, "id": "f", "path": "g", "files": ["g/x"]}]},
    pip(P, tags=["t"], value="v", description="d", module="m"),
    pip(P, undeclaredReads={"within": ["src", "/usr/local"]}, undeclaredWrites="deny", sourceRewrites="deny", network="trusted"),
    pip(P, survivingProcesses=["a"], breakawayProcesses=["b", "c d"], temporaryDirectories=["tmp"], network="deny"),
    pip(W, content=""), pip(W, contentBase64="AAA=", executable=True), pip(C), pip(C, kind="copy-directory"),
]
bad = [
    [], {}, {"version": 1}, {"version": 2, "pips": []}, {"version": 1, "pips": {}}, {"version": 1, "pips": [], "x": 1},
    {"version": 1, "pips": [3]}, {"version": 1, "pips": [{}]}, {"version": 1, "pips": [], "defaults": [1]},
    pip({"id": "a"}), pip({"command": "x"}), pip(P, id=""), pip(P, id="a\nb"), pip(P, kind="service"), pip(P, comand="x"),
    pip(P, command=""), pip(P, command=[]), pip(P, command=3), pip(P, command=["a", 1]), pip(P, command="a\0"),
    pip(P, env={"": "x"}), pip(P, env={"A=": "x"}), pip(P, env={"PWD": "x"}), pip(P, env={"A": 1}), pip(P, passEnv=[""]),
    pip(P, inputs=[""]), pip(P, inputs=[{"seal": ""}]), pip(P, inputs=[{}]), pip(P, inputs="a"), pip(P, outputs=[1]),
    pip(P, outputDirectories=["d"]), pip(P, outputDirectories=[{"path": "d"}]), pip(P, outputs=["x" * 5000]),
    pip(P, outputDirectories=[{"path": "d", "kind": "x"}]), pip(P, stdin={}), pip(P, stdout=""), pip(P, stdin=[]),
    pip(P, responseFile="r"), pip(P, responseFile={"path": "r"}), pip(P, undeclaredReads=True), pip(P, cacheable=0),
    pip(P, timeoutMs=0), pip(P, timeoutMs=1.5), pip(P, timeoutMs="1"), pip(P, retryExitCodes=[256]), pip(P, weight=0),
    pip(P, undeclaredReads={}), pip(P, undeclaredReads={"within": "x"}), pip(P, undeclaredWrites="allow"), pip(P, network="allow"),
    pip(P, sourceRewrites=True), pip(P, survivingProcesses=["/bin/x"]), pip(P, breakawayProcesses=[""]), pip(P, temporaryDirectories=[""]),
    pip(P, retryExitCodes=[7], retries=0), pip(P, content="x"), pip(P, tags="t"),
    pip(P, uncacheableExitCodes=3), pip(P, failOnStderr=1), pip(P, retryAttemptVariable=""), pip(P, retryAttemptVariable="PWD"),
    pip(P, retryAttemptVariable="A=B"), pip(P, outputExclusions="d"), pip(P, outputExclusions=[""]),
    pip(P, breakawayProcesses=[{"program": "b"}]), pip(P, breakawayProcesses=[{"program": "a/b", "arguments": "x"}]), pip(P, breakawayProcesses=[3]),
    pip(P, survivorGraceMs=-1), pip(P, survivorGraceMs=3600001), pip(P, warningRegex=3), pip(P, errorRegex="a" * 1001),
    pip(W), pip(W, content="", contentBase64=""), pip(W, content=1), pip(W, contentBase64="A"), pip(W, content="", command="x"),
    pip({"id": "c", "kind": "copy-file", "to": "y"}), pip(C, outputs=["x"]), pip(C, **{"from": ""}),
    {**pip(P), "pools": {"p": 0}}, {**pip(P), "pools": []}, {**pip(P), "seals": [{"id": "s", "path": "x"}]},
    {**pip(P), "seals": [{**S, "files": []}]}, {**pip(P), "seals": [{**F, "recursive": True}]}, {**pip(P), "seals": [{**S, "kind": "x"}]},
]
wrong = []
for name in sorted(os.listdir(f"{top}/examples/json")):
    if name.endswith(".json"):
        good.append(json.load(open(f"{top}/examples/json/{name}")))
for graphs, wanted in ((good, True), (bad, False)):
    for graph in graphs:
        with open("graph.bxl.json", "w") as file:
            json.dump(graph, file)
        by_schema = validator.is_valid(graph)
        done = subprocess.run([os.environ["BXL_BIN"] + "/bxl-graph", "json", "-C", "."], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        by_bxl = done.returncode == 0
        if not by_bxl and (done.returncode != 3 or b"graph.bxl.json:" not in done.stderr):
            wrong.append(f"exit {done.returncode}: {done.stderr!r}")
        if (by_schema, by_bxl) != (wanted, wanted):
            wrong.append(f"{json.dumps(graph)[:200]}: schema {by_schema}, bxl {by_bxl} {done.stderr[-200:]!r}")
if wrong:
    sys.exit("\n".join(wrong))
PY
run python3 check.py "${here%/tests/tools}"
expect_exit 0
