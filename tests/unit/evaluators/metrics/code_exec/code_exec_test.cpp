// Programs of models, and what they may not do. Needs bubblewrap; says so where there is none.
#include <doctest/doctest.h>

#include <unistd.h>
#include <cstdio>

#include <filesystem>

#include "evaluators/metrics/code_exec/program.h"
#include "evaluators/metrics/code_exec/sandbox.h"
#include "tests/support/metric.h"
#include "tests/support/reference.h"

using namespace llmops;
using namespace llmops::test;

namespace {

bool can_run() {
  if (!sandbox_problem()) return true;
  std::printf("[skipped] no sandbox: %s\n", sandbox_problem()->c_str());
  return false;
}

Measurement run(const Metric& metric, const std::string& output, Object variables) {
  Case row;
  row.variables = std::move(variables);
  Sample sample;
  sample.text = output;
  return metric.score(row, sample);
}

Object human_eval() {
  return {
      {"prompt",
       "from typing import List\n\n\ndef total(xs: List[int]) -> int:\n    \"\"\"Sum.\"\"\"\n"},
      {"entry_point", "total"                                                                 },
      {"test",        "def check(candidate):\n    assert candidate([1, 2]) == 3\n"            }
  };
}

SandboxLimits roomy() {
  // Time that a busy machine does not use up.
  return {.time = std::chrono::minutes(2), .memory_bytes = 256U << 20, .processes = 12};
}

SandboxRun python(const std::string& program, const SandboxLimits& limits = roomy()) {
  return run_sandboxed({"python3", "-I", "program.py"}, "program.py", program, limits);
}

}  // namespace

TEST_CASE("code_exec: has to be allowed") {
  CHECK(metric_problems("code_exec", "").find("expected `allow: true`") != std::string::npos);
}

TEST_CASE("code_exec: runs a program against its tests") {
  if (!can_run()) return;
  const auto metric = make_metric("code_exec", "{allow: true, timeout: 100s}");
  struct Row {
    const char* why;
    const char* output;
    double score;
    const char* note;
  };
  const Row rows[] = {
      {"the body alone",        "    return sum(xs)\n",                                        1.0, ""                                        },
      {"the whole function",    "Here:\n```python\ndef total(xs):\n    return sum(xs)\n```\n", 1.0,
       ""                                                                                                                                     },
      {"a wrong answer",        "    return 4\n",                                              0.0, "exit code 1: AssertionError"             },
      {"no program",            "    I cannot do that.\n",                                     0.0, "exit code 1: SyntaxError: invalid syntax"},
      {"ends before its tests", "    return 4\nimport os\nos._exit(0)\n",                      0.0,
       "ended before its tests did"                                                                                                           },
      {"ends by a signal",      "    import os\n    os.kill(os.getpid(), 11)\n",               0.0,
       "ended by signal 11"                                                                                                                   },
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const Measurement found = run(*metric, row.output, human_eval());
    REQUIRE(found.values.front());
    CHECK(*found.values.front() == row.score);
    CHECK(found.note == row.note);
  }
  CHECK(run(*metric, "x",
            {
                {"prompt", "p"}
  })
            .why == "the case has no tests in `test`");
  CHECK(run(*metric, "x",
            {
                {"test",        "assert f() == 1"  },
                {"entry_point", "f(); import os; f"}
  })
            .why == "`entry_point` of the case is no name of a function");
}

TEST_CASE("code_exec: tests as a list of assertions") {
  if (!can_run()) return;
  const auto metric =
      make_metric("code_exec", "{allow: true, timeout: 100s, test_field: test_list}");
  const Object row{
      {"prompt",    "Write a function that doubles."                      },
      {"test_list", List{"assert double(2) == 4", "assert double(0) == 0"}}
  };
  CHECK(run(*metric, "```python\ndef double(x):\n    return 2 * x\n```", row).values.front() ==
        1.0);
  CHECK(run(*metric, "```python\ndef double(x):\n    return 4\n```", row).values.front() == 0.0);
}

TEST_CASE("code_exec: the program of an answer") {
  CHECK(code_of("text", "f") == "text");
  CHECK(code_of("a\n```python\nx = 1\n```\n```\ndef f():\n  pass\n```", "f") ==
        "def f():\n  pass\n");
  CHECK(code_of("```\ncut off", "") == "cut off");
}

TEST_CASE("sandbox: what a program may not do") {
  if (!can_run()) return;
  const char* home =
      "import os\n"
      "for p in ('/root', '/home', '/etc/passwd', '/etc/shadow', '/var', '/proc/1/root/etc'):\n"
      "    print(p, os.path.exists(p))\n"
      "print(sorted(os.listdir('/')), os.environ.get('HOME'), os.getuid() == 65534)\n";
  const SandboxRun look = python(home);
  CHECK(look.exit_code == 0);
  CHECK(look.out.find("True\n/") == std::string::npos);
  CHECK(look.out.find("/work True") != std::string::npos);

  const SandboxRun network = python(
      "import socket\n"
      "for host in ('1.1.1.1', '127.0.0.1', '169.254.169.254'):\n"
      "    try:\n"
      "        socket.create_connection((host, 80), 1)\n"
      "        print('reached', host)\n"
      "    except OSError as error:\n"
      "        print(error.errno)\n");
  CHECK(network.exit_code == 0);
  CHECK(network.out.find("reached") == std::string::npos);

  const SandboxRun write = python(
      "import os\n"
      "for p in ('/x', '/usr/x', '/dev/x', '/usr/bin/python3', '/etc/x', "
      "'/proc/sys/kernel/core_pattern'):\n"
      "    try:\n"
      "        open(p, 'w').write('x')\n"
      "        print('wrote', p)\n"
      "    except OSError:\n"
      "        pass\n"
      "open('/work/y', 'w').write('y'); open('/tmp/y', 'w').write('y'); print('own')\n");
  CHECK(write.out == "own\n");

  // Nothing is left behind, and what one program wrote another does not see.
  CHECK(python("import os\nprint(os.listdir('/work'), os.listdir('/tmp'))\n").out ==
        "['program.py'] []\n");
}

TEST_CASE("sandbox: time, memory, processes, output and disk end") {
  if (!can_run()) return;
  using End = SandboxRun::End;
  const SandboxRun deaf = python(
      "import signal, time\n"
      "for s in range(1, 65):\n"
      "    try:\n"
      "        signal.signal(s, signal.SIG_IGN)\n"
      "    except (OSError, ValueError):\n"
      "        pass\n"
      "while True: time.sleep(1)\n",
      {.time = std::chrono::milliseconds(1500)});
  // On a busy machine the time may be over before the program starts.
  CHECK((deaf.end == End::out_of_time || deaf.end == End::not_started));
  // A child in a session of its own, that holds the output open.
  CHECK(python("import os, time\n"
               "if os.fork() == 0:\n"
               "    os.setsid()\n"
               "    while True: time.sleep(1)\n"
               "print('parent ends')\n")
            .out == "parent ends\n");

  const SandboxRun bomb = python(
      "import os\n"
      "made = 0\n"
      "try:\n"
      "    while True:\n"
      "        if os.fork() == 0:\n"
      "            import time; time.sleep(300)\n"
      "        made += 1\n"
      "except OSError:\n"
      "    os.write(1, b'stopped' if made < 12 else b'went on')\n"
      "    os._exit(0)\n");
  CHECK(bomb.out == "stopped");

  SandboxLimits small = roomy();
  small.memory_bytes = 128U << 20;
  CHECK(python("x = bytearray(400 << 20)\n", small).exit_code == 1);
  CHECK(python("import os, time\n"
               "for _ in range(6):\n"
               "    if os.fork() == 0:\n"
               "        x = b'x' * (60 << 20); time.sleep(300)\n"
               "time.sleep(300)\n",
               small)
            .end == End::too_much_memory);

  const SandboxRun flood =
      python("import os\nchunk = b'x' * (1 << 20)\nfor _ in range(10240): os.write(1, chunk)\n");
  CHECK(flood.end == End::too_much_output);
  CHECK(flood.out.size() == roomy().output_bytes);
  CHECK(python("import os\nchunk = b'x' * (1 << 20)\nwhile True: os.write(2, chunk)\n").end ==
        End::too_much_output);

  SandboxLimits disk = roomy();
  disk.disk_bytes = 4U << 20;
  const SandboxRun full = python(
      "left = 0\n"
      "for place in ('/work', '/tmp', '/dev/shm'):\n"
      "    try:\n"
      "        for i in range(64):\n"
      "            open(f'{place}/{i}', 'wb').write(b'x' * (1 << 20))\n"
      "    except OSError:\n"
      "        left += 1\n"
      "print(left)\n",
      disk);
  CHECK(full.out == "3\n");
}
