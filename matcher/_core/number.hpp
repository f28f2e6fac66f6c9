// Number and address texts → values: which decimals a double stands for exactly, and IP literals.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "platform.hpp"

namespace matcher {

// A decimal as its significant digits and the power of ten of the last one; no leading or trailing zero digits.
struct Decimal {
    std::string digits;
    int64_t exponent = 0;
    bool negative = false;
    bool operator==(const Decimal& other) const {
        if (digits.empty() || other.digits.empty()) return digits.empty() && other.digits.empty();
        return negative == other.negative && exponent == other.exponent && digits == other.digits;
    }
};

inline Decimal read_decimal(const char* p, const char* end) {
    Decimal decimal;
    decimal.negative = p < end && *p == '-';
    if (decimal.negative) ++p;
    bool fraction = false;
    for (; p < end && (*p == '.' || (*p >= '0' && *p <= '9')); ++p) {
        if (*p == '.') {
            fraction = true;
            continue;
        }
        decimal.digits += *p;
        if (fraction) --decimal.exponent;
    }
    if (p < end) {
        bool down = *++p == '-';
        int64_t power = 0;
        for (p += (*p == '-' || *p == '+'); p < end; ++p)
            if (power < int64_t(1) << 40) power = power * 10 + (*p - '0');
        decimal.exponent += down ? -power : power;
    }
    while (!decimal.digits.empty() && decimal.digits.back() == '0') decimal.digits.pop_back(), ++decimal.exponent;
    decimal.digits.erase(0, decimal.digits.find_first_not_of('0'));
    return decimal;
}

inline double nearest_double(const char* text, size_t size) {
#if defined(__cpp_lib_to_chars)
    double value = 0;
    auto result = std::from_chars(text, text + size, value);
    if (result.ec != std::errc()) return std::strtod(std::string(text, size).c_str(), nullptr);
    return value;
#else
    return std::strtod(std::string(text, size).c_str(), nullptr);
#endif
}

inline std::string shortest_text(double value) {
    char out[40];
#if defined(__cpp_lib_to_chars)
    // Scientific: without a format a large integer is spelt out exactly, which is not its shortest decimal.
    auto result = std::to_chars(out, out + sizeof out, value, std::chars_format::scientific);
    return std::string(out, result.ptr);
#else
    for (int digits = 15; digits <= 17; ++digits) {
        std::snprintf(out, sizeof out, "%.*e", digits - 1, value);
        if (std::strtod(out, nullptr) == value) break;
    }
    return out;
#endif
}

// Whether the shortest decimal of the nearest double is this very number; if so `value` is that double.
// The slow road, for more than 15 digits or large exponents.
MATCHER_COLD inline bool long_comparable(const uint8_t* text, size_t size, double& value) {
    const char* p = reinterpret_cast<const char*>(text);
    Decimal exact = read_decimal(p, p + size);
    if (exact.digits.empty()) {
        value = 0;
        return true;
    }
    if (exact.digits.size() > 17) return false;
    int64_t magnitude = exact.exponent + int64_t(exact.digits.size());
    if (magnitude > 310 || magnitude < -330) return false;
    std::string plain = (exact.negative ? "-" : "") + exact.digits + "e" + std::to_string(exact.exponent);
    value = nearest_double(plain.data(), plain.size());
    if (!std::isfinite(value) || value == 0) return false;
    std::string shortest = shortest_text(value);
    Decimal told = read_decimal(shortest.data(), shortest.data() + shortest.size());
    if (told.digits.size() == 1) {
        // Java (since 19) never prints one digit alone: the nearest of two digits stands, 4.9e-324 and not 5e-324.
        char two[40];
        int length = std::snprintf(two, sizeof two, "%.1e", value);
        for (char& c : two)
            if (c == ',') c = '.';
        told = read_decimal(two, two + length);
    }
    return told == exact;
}

// The nearest double to a number. True: 15 digits or fewer in plain spelling, so it is comparable as well; false: that
// is for long_comparable to say.
inline bool nearest(const uint8_t* text, size_t size, double& value) {
    static constexpr double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const uint8_t *p = text, *end = text + size;
    bool negative = *p == '-';
    p += negative;
    const uint8_t* first = p;
    uint64_t mantissa = 0;
    const uint8_t* point = nullptr;
    for (; p < end && size_t(p - first) <= 16; ++p) {
        uint8_t digit = uint8_t(*p - '0');
        if (digit <= 9) mantissa = mantissa * 10 + digit;
        else if (*p == '.') point = p;
        else break;
    }
    size_t places = point ? size_t(p - point) - 1 : 0;
    if (p < end || size_t(p - first) - (point != nullptr) > 15) {
        const char* chars = reinterpret_cast<const char*>(text);
        value = nearest_double(chars, size);
        return false;
    }
    // Both operands are exact doubles, so the one rounding gives the nearest double; 15 digits always round-trip.
    value = places ? double(mantissa) / powers[places] : double(mantissa);
    if (negative && mantissa) value = -value;
    return true;
}

// An IP literal as 16 bytes; v4 and v4-mapped v6 addresses are ::ffff:a.b.c.d with `v4` set.
struct Ip {
    uint8_t bytes[16];
    bool v4;
};

inline Ip mapped_v4(const uint8_t* four) {
    Ip ip{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, four[0], four[1], four[2], four[3]}, true};
    return ip;
}

inline bool read_v4(const uint8_t* p, const uint8_t* end, Ip& ip) {
    uint8_t four[4];
    for (int part = 0; part < 4; ++part) {
        if (part && (p == end || *p++ != '.')) return false;
        const uint8_t* first = p;
        uint32_t value = 0;
        for (; p < end && *p >= '0' && *p <= '9'; ++p) {
            value = value * 10 + (*p - '0');
            if (value > 255) return false;
        }
        if (p == first) return false;
        four[part] = uint8_t(value);
    }
    if (p != end) return false;
    ip = mapped_v4(four);
    return true;
}

inline int hex_digit(uint8_t c) {
    uint8_t low = c | 0x20;
    return c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

inline bool read_v6(const uint8_t* p, const uint8_t* end, Ip& ip) {
    uint16_t groups[8];
    int count = 0, gap = -1;
    if (end - p >= 2 && p[0] == ':' && p[1] == ':') {
        gap = 0;
        p += 2;
    }
    while (p < end) {
        if (count == 8) return false;
        uint32_t value = 0;
        const uint8_t* first = p;
        for (; p < end && hex_digit(*p) >= 0; ++p) {
            value = value * 16 + uint32_t(hex_digit(*p));
            if (value > 0xffff) return false;
        }
        if (p == first) return false;
        groups[count++] = uint16_t(value);
        if (p == end) break;
        if (*p++ != ':' || p == end) return false;
        if (*p == ':') {
            if (gap >= 0) return false;
            gap = count;
            ++p;
        }
    }
    if (gap < 0 ? count != 8 : count > 7) return false;
    std::memset(ip.bytes, 0, 16);
    for (int i = 0; i < count; ++i) {
        int place = gap >= 0 && i >= gap ? 8 - count + i : i;
        ip.bytes[2 * place] = uint8_t(groups[i] >> 8);
        ip.bytes[2 * place + 1] = uint8_t(groups[i]);
    }
    static constexpr uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    ip.v4 = std::memcmp(ip.bytes, mapped, 12) == 0;
    return true;
}

constexpr size_t LONGEST_V4 = 15, LONGEST_IP = 180;

inline bool read_ip(const uint8_t* text, size_t size, Ip& ip) {
    if (size < 2 || size > LONGEST_IP) return false;
    if (hex_digit(text[0]) < 0 && text[0] != ':') return false;
    const uint8_t* end = text + size;
    if (std::memchr(text, ':', size)) return read_v6(text, end, ip);
    return size <= LONGEST_V4 && text[0] <= '9' && read_v4(text, end, ip);
}

// Clear the bits behind the mask; `bits` counts within the 16-byte form.
inline void floor_ip(uint8_t* bytes, uint32_t bits) {
    for (uint32_t i = 0; i < 16; ++i) {
        uint32_t keep = bits >= 8 * (i + 1) ? 8 : bits > 8 * i ? bits - 8 * i : 0;
        bytes[i] &= uint8_t(0xff00u >> keep);
    }
}

}  // namespace matcher
