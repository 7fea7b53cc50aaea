/* The conveniences of the header, called with what is awkward. Prints the number of what goes wrong. */
#include "gfn_plugin.h"

#include <stdio.h>

static int wrong = 0, number = 0;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        ++number;                                                                                                      \
        if (!(condition)) printf("check %d: %s\n", number, #condition), ++wrong;                                       \
    } while (0)

static int is_text(const char *json, const char *name, size_t capacity, const char *expected) {
    char buffer[64];
    return strcmp(gfn_string(json, name, buffer, capacity), expected) == 0;
}

static void parameters(void) {
    const char *json = "{ \"a\" : -1.5e1, \"label\":\"a\", \"b\": true,\n\"c\":false,"
                       " \"path\": \"x\\\"\\\\n\\n\\t,\\\"b\\\": 2\","
                       " \"last\": 7, \"none\": null}";
    CHECK(gfn_number(json, "a", 0) == -15);
    CHECK(gfn_number(json, "last", 0) == 7);
    CHECK(gfn_number(json, "las", 3) == 3);
    CHECK(gfn_number(json, "lastly", 3) == 3);
    CHECK(gfn_number(json, "none", 3) == 3);
    CHECK(gfn_number("{}", "a", 3) == 3);
    CHECK(gfn_number("", "a", 3) == 3);
    CHECK(gfn_flag(json, "b", 0) == 1);
    CHECK(gfn_flag(json, "c", 1) == 0);
    CHECK(gfn_flag(json, "d", 1) == 1);
    CHECK(is_text(json, "label", 64, "a"));
    CHECK(is_text(json, "path", 64, "x\"\\n\n\t,\"b\": 2"));
    CHECK(is_text(json, "label", 2, "a"));
    CHECK(is_text(json, "label", 1, ""));
    CHECK(is_text(json, "a", 64, ""));
    CHECK(is_text(json, "nowhere", 64, ""));
    CHECK(is_text("{\"a\": \"open", "a", 64, "open"));
    CHECK(gfn_member("{\"open", "open") == NULL);
    /* Items of a list are no names. */
    json = "{\"list\": [\"x\", \"mode\", \"n\"], \"empty\": [], \"mode\": \"right\", \"n\": [\"mode\"], \"last\" :4}";
    CHECK(is_text(json, "mode", 64, "right"));
    CHECK(*gfn_member(json, "n") == '[');
    CHECK(gfn_number(json, "last", 0) == 4);
    CHECK(gfn_member(json, "x") == NULL);
}

static void errors(void) {
    char error[8];
    memset(error, 'x', sizeof error);
    CHECK(gfn_fail(GFN_FAILED, "text", NULL, 0) == GFN_FAILED);
    CHECK(gfn_fail(GFN_UNSUPPORTED, "text", error, 1) == GFN_UNSUPPORTED && error[0] == '\0' && error[1] == 'x');
    CHECK(gfn_fail(GFN_FAILED, "text", error, 4) == GFN_FAILED && strcmp(error, "tex") == 0 && error[4] == 'x');
    CHECK(gfn_fail(GFN_FAILED, "text", error, 5) == GFN_FAILED && strcmp(error, "text") == 0 && error[5] == 'x');
    /* A character of two bytes is not cut. */
    CHECK(gfn_fail(GFN_FAILED, "t\xC3\xA9xt", error, 3) == GFN_FAILED && strcmp(error, "t") == 0);
    CHECK(gfn_fail(GFN_FAILED, "t\xC3\xA9xt", error, 4) == GFN_FAILED && strcmp(error, "t\xC3\xA9") == 0);
}

static uint64_t explained;

static void explain(void *context, uint64_t index, const char *text, uint64_t length) {
    explained = context == (void *)&explained && strcmp(text, "why") == 0 ? 10 * index + length : 0;
}

static void objects(void) {
    int32_t words[] = {1, 2, 3, 4, 5, 6};
    uint64_t offsets[] = {0, 2, 2, 3}, length = 9, needed = 9;
    double log_reward[3];
    uint8_t status[3] = {0, 0, 0};
    char buffer[4] = "xyz";
    gfn_batch states = {sizeof(gfn_batch), GFN_STATES, 3, words, 2, NULL};
    gfn_batch texts = {sizeof(gfn_batch), GFN_TEXTS, 3, "CCO", 0, offsets};
    gfn_scores scores = {sizeof(gfn_scores), 0, log_reward, status, &explained, explain};
    CHECK(gfn_state(&states, 2)[1] == 6);
    CHECK(memcmp(gfn_text(&texts, 0, &length), "CC", 2) == 0 && length == 2);
    CHECK(gfn_text(&texts, 1, &length) != NULL && length == 0);
    CHECK(gfn_text(&texts, 2, &length)[0] == 'O' && length == 1);
    gfn_no_score(&scores, 2, "why");
    CHECK(explained == 23 && status[2] == GFN_NO_SCORE && status[0] == GFN_NOT_SCORED);
    CHECK(gfn_give("abcd", buffer, 3, &needed) == GFN_OK && needed == 4 && buffer[0] == 'x');
    CHECK(gfn_give("abc", buffer, 3, &needed) == GFN_OK && needed == 3 && memcmp(buffer, "abc", 4) == 0);
    CHECK(gfn_give("", NULL, 0, &needed) == GFN_OK && needed == 0);
    states.struct_size = 24;
    CHECK(GFN_COVERS(&states, gfn_batch, data) && !GFN_COVERS(&states, gfn_batch, stride));
}

int main(void) {
    parameters();
    errors();
    objects();
    return wrong;
}
