"""Pip filters on the command line: what runs, what reaches the disk."""
from harness.ninja import edge, phony
from harness.scenario import scenario

EDGES = (edge("a.o", "cat a > a.o", "a"), edge("b.o", "cat b > b.o", "b"), edge("bin/app", "cat a.o b.o > bin/app", "a.o b.o"),
         edge("other", "cat a > other", "a"), phony("everything", "bin/app other"))


@scenario("filter")
def filter_selects_outputs_and_what_they_need(t):
    """dpc, and, a name's end; dependencies run and stay in the cache."""
    t.files({"a": "a\n", "b": "b\n"})
    t.ninja(*EDGES)
    t.build(args=["-f", "output='*/app'"], ran={"a.o", "b.o", "bin/app"}, check=False)
    t.expect(not t.exists("other"), "other was built")
    t.outputs_remove("a.o", "b.o", "bin/app")
    t.build(args=["/filter:output='*.o' and ~(output='a*')"], ran=set(), check=False)
    t.expect(t.exists("b.o") and not t.exists("a.o") and not t.exists("bin/app"), "one output was asked for")
    t.build(args=["-f", "+input='a'"], ran={"other"}, check=False)
    t.build(ran=set())


@scenario("filter")
def argument_that_is_no_target_is_short_for_a_filter(t):
    """app finds bin/app; an alias means what it stands for."""
    t.files({"a": "a\n", "b": "b\n"})
    t.ninja(*EDGES)
    t.build("app", ran={"a.o", "b.o", "bin/app"}, check=False)
    t.build("everything", ran={"other"})
    t.outputs_remove("other")
    t.build(args=["-f", "output='everything'"], ran=set(), check=False)
    t.expect(t.exists("other"), "the alias stands for other")


@scenario("filter")
def filter_that_is_wrong_or_matches_nothing_is_refused(t):
    """Exit 2 with the column, DX0295, or the advice to use one of both."""
    t.files({"a": "a\n", "b": "b\n"})
    t.ninja(*EDGES)
    for args, sentence in ((["-f", "tag=x"], "column 5: expected a value in '"),
                           (["-f", "tag='none'"], "error DX0295: no pip matches the filter tag='none'"),
                           (["bin/apq"], "error DX0295: unknown target 'bin/apq', did you mean 'bin/app'?"),
                           (["-f", "id='a.o'", "b.o"], "a filter and targets together")):
        t.build(args=args, exit=2, says=[sentence], check=False)
    t.build(ran={"a.o", "b.o", "bin/app", "other"})
