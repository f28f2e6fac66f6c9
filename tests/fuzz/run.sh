#!/usr/bin/env bash
# Fuzz the core for SECONDS (default 60): one half libFuzzer on the headers with sanitizers, one half random rules and
# events against the naive matcher. What libFuzzer finds is left in tests/fuzz/regressions, to be kept with its fix.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60}
work=build/fuzz

if ! command -v clang++ >/dev/null || ! echo 'int main(){}' | clang++ -x c++ -fsanitize=address - -o /dev/null 2>/dev/null; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "fuzzing needs clang++ with its sanitizer runtime (Debian: clang libclang-rt-14-dev)" >&2
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends clang libclang-rt-14-dev >/dev/null
fi

mkdir -p "$work"
binary=$work/fuzz_core
if [ ! -x "$binary" ] || [ -n "$(find matcher/_core tests/fuzz \( -name '*.hpp' -o -name '*.cpp' \) -newer "$binary")" ]; then
    clang++ -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
        -I matcher/_core -I tests/fuzz tests/fuzz/fuzz_core.cpp -o "$binary"
fi
python=$(command -v python || command -v python3)
"$python" tests/fuzz/seeds.py "$work/corpus"
"$binary" -runs=0 tests/fuzz/regressions 2>/dev/null || { "$binary" -runs=0 tests/fuzz/regressions; exit 1; }
"$binary" -dict=tests/fuzz/json.dict -max_len=4096 -timeout=30 -max_total_time=$((seconds - seconds / 2)) \
    -verbosity=0 -print_final_stats=1 -artifact_prefix=tests/fuzz/regressions/ "$work/corpus"
"$python" -m tests.fuzz.differential $((seconds / 2 > 0 ? seconds / 2 : 1))
