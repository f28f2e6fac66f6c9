// A file of JSON lines × a machine → answers, chunk by chunk in order, on several threads that read for themselves.
#pragma once

#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#if defined(_WIN32)
#include <io.h>
#else
#include <unistd.h>
#endif

#include "machine.hpp"

namespace matcher {

// What one chunk held: a line that starts in it belongs to it.
struct ChunkAnswers {
    uint64_t number = 0;
    uint64_t lines = 0;               // lines that start here, blank ones too
    uint64_t bytes = 0;               // of the lines that were matched
    std::vector<uint32_t> at;         // the matched lines, counted from the chunk's first
    std::vector<uint32_t> owners;     // their names, one line's after the other's
    std::vector<uint64_t> ends;       // matched line → where its names end
    std::vector<uint32_t> refused;    // places in `at` of refused lines
    std::vector<Failure> failures;
    std::vector<uint64_t> counts;     // owner → matches, when only counting
    uint64_t accepted = 0, matched = 0;  // lines that were events, and those with a match, when only counting
    int error = 0;                    // errno of a failed read
    std::exception_ptr thrown;
};

class LineScan {
public:
    // Reads the descriptor from `start` to `stop`; `counting`: keep only counts. The descriptor stays the caller's.
    LineScan(std::shared_ptr<const Machine> rules, int descriptor, uint64_t start, uint64_t stop, unsigned threads,
             size_t names, bool counting)
        : machine(std::move(rules)), file(descriptor), first(start), last(stop), owners(names), count_only(counting),
          window(threads * 4 + 2) {
        chunk_count = (last - first + CHUNK - 1) / CHUNK;
        slots.resize(window);
        for (unsigned i = 0; i < threads; ++i) workers.emplace_back([this] { work(); });
    }

    ~LineScan() {
        {
            std::lock_guard<std::mutex> guard(lock);
            stopped = true;
        }
        room.notify_all();
        for (std::thread& worker : workers) worker.join();
    }

    // The next chunk in order; null: there is no more. Waits for it.
    std::unique_ptr<ChunkAnswers> next() {
        std::unique_lock<std::mutex> guard(lock);
        if (taken == chunk_count) return nullptr;
        std::unique_ptr<ChunkAnswers>& slot = slots[taken % window];
        ready.wait(guard, [&] { return slot != nullptr; });
        std::unique_ptr<ChunkAnswers> chunk = std::move(slot);
        ++taken;
        guard.unlock();
        room.notify_all();
        if (chunk->thrown) std::rethrow_exception(chunk->thrown);
        return chunk;
    }

private:
    static constexpr uint64_t CHUNK = 1 << 20;  // stays in a second-level cache between reading and matching
    static constexpr size_t TAIL = 1 << 16;     // read at a time for the end of a chunk's last line

    std::shared_ptr<const Machine> machine;
    int file;
    uint64_t first, last;
    size_t owners;
    bool count_only;
    uint64_t window, chunk_count = 0;
    std::vector<std::thread> workers;
    std::mutex lock;
    std::condition_variable ready, room;
    std::vector<std::unique_ptr<ChunkAnswers>> slots;
    uint64_t given = 0, taken = 0;
    bool stopped = false;

    void work() {
        Pool<uint8_t> buffer;
        for (;;) {
            uint64_t number;
            {
                std::unique_lock<std::mutex> guard(lock);
                room.wait(guard, [&] { return stopped || given == chunk_count || given < taken + window; });
                if (stopped || given == chunk_count) return;
                number = given++;
            }
            auto chunk = std::make_unique<ChunkAnswers>();
            chunk->number = number;
            try {
                scan(*chunk, buffer);
            } catch (...) {
                chunk->thrown = std::current_exception();
            }
            {
                std::lock_guard<std::mutex> guard(lock);
                slots[number % window] = std::move(chunk);
            }
            ready.notify_one();
        }
    }

    void scan(ChunkAnswers& chunk, Pool<uint8_t>& buffer) {
        uint64_t start = first + chunk.number * CHUNK, stop = std::min(start + CHUNK, last);
        uint64_t from = chunk.number ? start - 1 : start;  // the byte before tells whether a line starts here
        buffer.size = 0;
        if (!append(buffer, from, size_t(stop - from), chunk)) return;
        size_t edge = buffer.size;  // lines that start at or behind it are the next chunk's
        size_t begin = 0;
        if (chunk.number) {
            const uint8_t* line_end = find_line_end(buffer, 0, edge);
            if (line_end == nullptr) return;
            begin = size_t(line_end - buffer.data) + 1;
            if (begin >= edge) return;
        }
        while (stop < last && buffer[buffer.size - 1] != '\n') {
            size_t before = buffer.size;
            if (!append(buffer, stop, size_t(std::min<uint64_t>(TAIL, last - stop)), chunk)) return;
            stop += buffer.size - before;
            const uint8_t* line_end = find_line_end(buffer, before, buffer.size);
            if (line_end == nullptr) continue;
            buffer.size = uint32_t(line_end - buffer.data) + 1;
        }
        match_lines(chunk, buffer, begin, edge);
    }

    static const uint8_t* find_line_end(const Pool<uint8_t>& buffer, size_t begin, size_t end) {
        return static_cast<const uint8_t*>(std::memchr(buffer.data + begin, '\n', end - begin));
    }

    void match_lines(ChunkAnswers& chunk, Pool<uint8_t>& buffer, size_t begin, size_t edge) {
        buffer.reserve(buffer.size + PADDING);
        std::memset(buffer.data + buffer.size, 0, PADDING);
        Scratch& scratch = thread_scratch();
        if (count_only) chunk.counts.resize(owners);
        for (uint32_t line = 0; begin < edge; ++line) {
            uint8_t* text = buffer.data + begin;
            uint8_t* end = static_cast<uint8_t*>(std::memchr(text, '\n', buffer.size - begin));
            if (end == nullptr) end = buffer.data + buffer.size;
            *end = 0;  // the text ends in a NUL; what follows it is readable
            begin = size_t(end - buffer.data) + 1;
            ++chunk.lines;
            if (is_blank(text, end)) continue;
            chunk.bytes += size_t(end - text);
            keep(chunk, line, machine->match(text, size_t(end - text), true, scratch), scratch);
        }
        scratch.trim();
    }

    static bool is_blank(const uint8_t* text, const uint8_t* end) {
        while (text < end && is_space(*text)) ++text;
        return text == end;
    }

    void keep(ChunkAnswers& chunk, uint32_t line, const Failure& failure, const Scratch& scratch) const {
        if (failure) {
            chunk.refused.push_back(uint32_t(chunk.at.size()));
            chunk.failures.push_back(failure);
        }
        if (count_only && !failure) {
            for (uint32_t i = 0; i < scratch.owners.size; ++i) ++chunk.counts[scratch.owners[i]];
            chunk.matched += scratch.owners.size != 0;
            ++chunk.accepted;
            return;
        }
        chunk.at.push_back(line);
        if (!failure)
            chunk.owners.insert(chunk.owners.end(), scratch.owners.data, scratch.owners.data + scratch.owners.size);
        chunk.ends.push_back(chunk.owners.size());
    }

    // Read into the end of the buffer; false: the read failed.
    bool append(Pool<uint8_t>& buffer, uint64_t offset, size_t size, ChunkAnswers& chunk) {
        buffer.reserve(buffer.size + size + PADDING);
        while (size) {
            int64_t got = read_at(buffer.data + buffer.size, size, offset);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) {  // 0: the file became shorter
                chunk.error = got < 0 ? errno : 0;
                return got == 0 && buffer.size != 0;
            }
            buffer.size += uint32_t(got);
            offset += uint64_t(got);
            size -= size_t(got);
        }
        return true;
    }

    int64_t read_at(uint8_t* to, size_t size, uint64_t offset) {
#if defined(_WIN32)
        std::lock_guard<std::mutex> guard(lock);
        if (_lseeki64(file, int64_t(offset), SEEK_SET) < 0) return -1;
        return _read(file, to, unsigned(size));
#else
        return pread(file, to, size, off_t(offset));
#endif
    }
};

}  // namespace matcher
