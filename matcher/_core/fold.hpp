// Text with its case taken away, so that both cases of a pattern's characters meet under one key.
//
// ASCII letters fold by themselves. Which other characters are cases of one another is learnt from the patterns of a
// segment: each pattern character comes with its two forms, and forms of one code point are joined. The key only
// finds candidates; `matches_variants` decides.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "escape.hpp"
#include "event.hpp"
#include "program.hpp"
#include "text.hpp"

namespace matcher {

class Fold {
public:
    // Join the forms of each character of `variants`.
    void learn(const Bytes& variants) {
        const uint8_t* p = variants.data;
        for (uint64_t left = read_varint(p); left; --left) {
            Bytes one = form(p), other = form(p);
            if (single(one) && (other.size == 0 || single(other))) join(point(one), other.size ? point(other) : point(one));
        }
    }

    void freeze() {
        for (auto& [member, parent] : parents) points.emplace_back(member, root(member));
        std::sort(points.begin(), points.end());
        parents.clear();
    }

    // The folded text; linear.
    void fold(const uint8_t* text, size_t size, std::string& out) const {
        out.resize(size);
        size_t i = 0;
        for (; i < size && text[i] < 0x80; ++i) out[i] = char(lower_ascii(text[i]));
        out.resize(i);
        while (i < size) {
            if (text[i] < 0x80) {
                out += char(lower_ascii(text[i++]));
                continue;
            }
            size_t length;
            uint32_t folded = find(read_point(text + i, length));
            if (folded == NONE) out.append(reinterpret_cast<const char*>(text) + i, length);
            else put(out, folded);
            i += length;
        }
    }

    // The folded text of a pattern up to its first character with a form of several code points; of a suffix the bytes
    // from the end, as its variants come from the end.
    std::string key(const Alternative& a, bool& whole) const {
        std::string out, part;
        whole = true;
        if (a.variants.size == 0) {
            fold(a.text.data, a.text.size, out);
            if (a.tag == SUFFIX_FOLD) std::reverse(out.begin(), out.end());
            return out;
        }
        const uint8_t* p = a.variants.data;
        for (uint64_t left = read_varint(p); left; --left) {
            Bytes one = form(p), other = form(p);
            if (!single(one) || (other.size && !single(other))) {
                whole = false;
                break;
            }
            fold(one.data, one.size, part);
            if (a.tag == SUFFIX_FOLD) std::reverse(part.begin(), part.end());
            out += part;
        }
        return out;
    }

    bool empty() const { return points.empty(); }
    size_t memory() const { return points.capacity() * sizeof(points[0]); }

private:
    std::vector<std::pair<uint32_t, uint32_t>> points;  // code point → what stands for it, sorted
    std::unordered_map<uint32_t, uint32_t> parents;     // while learning: a forest of joined code points

    static Bytes form(const uint8_t*& p) {
        size_t size = *p++;
        Bytes bytes{p, size};
        p += size;
        return bytes;
    }
    static bool single(const Bytes& form) {
        size_t length;
        read_point(form.data, length);
        return length == form.size;
    }
    static uint32_t point(const Bytes& form) {
        size_t length;
        uint32_t point = read_point(form.data, length);
        return point < 0x80 ? lower_ascii(uint8_t(point)) : point;
    }
    uint32_t root(uint32_t point) const {
        for (;;) {
            auto found = parents.find(point);
            if (found == parents.end() || found->second == point) return point;
            point = found->second;
        }
    }
    void join(uint32_t left, uint32_t right) {
        left = root(left);
        right = root(right);
        if (left > right) std::swap(left, right);
        if (right < 0x80 && left == right) return;
        parents.emplace(left, left);
        parents[right] = left;  // the lowest stands for all, so an ASCII letter does where there is one
    }
    uint32_t find(uint32_t point) const {
        auto found = std::lower_bound(points.begin(), points.end(), std::make_pair(point, uint32_t(0)));
        return found != points.end() && found->first == point ? found->second : NONE;
    }
    static void put(std::string& out, uint32_t point) {
        uint8_t bytes[4];
        out.append(reinterpret_cast<char*>(bytes), size_t(put_point(bytes, point) - bytes));
    }
};

}  // namespace matcher
