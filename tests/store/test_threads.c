/* One lock around HDF5: a thread reads while another makes images, and a third writes. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/memory.h"
#include "scratch.h"
#include "store/store_internal.h"
#include "store/writer.h"

#define TURNS 60
#define COUNT 5000

static char packed[300], absent[300];

/* The first failure of a thread: cmocka's checks must run in the main thread. */
typedef struct worker {
    nn_status (*turn)(int turn);
    char problem[600];
} worker;

static nn_status fail_here(const char *what)
{
    return nn_fail(NN_ERROR_IO, "%s", what);
}

static nn_status write_packed(const char *path)
{
    nn_store_writer *writer;
    nn_store_output *output;
    int32_t values[COUNT];
    const nn_store_layout layout = {.type = NN_STORE_I32, .rows = -1, .chunk_rows = 100, .compression = 1};
    for (int i = 0; i < COUNT; i++) values[i] = i;
    NN_TRY(nn_store_writer_create(path, &writer));
    nn_status status = nn_store_writer_add(writer, "x", &layout, &output);
    if (status == NN_OK) status = nn_store_output_append(output, COUNT, NN_STORE_I32, values);
    if (status == NN_OK) status = nn_store_writer_commit(writer);
    nn_store_writer_destroy(writer);
    return status;
}

static nn_status turn_read(int turn)
{
    nn_store_file *file;
    int64_t values[COUNT] = {0};
    NN_TRY(nn_store_open(packed, &file));
    nn_status status = nn_store_read(file, "x", NN_STORE_I64, COUNT, values);
    nn_store_close(file);
    NN_TRY(status);
    for (int i = 0; i < COUNT; i++)
        if (values[i] != i) return fail_here("other values are read");
    /* The failure must be that of this thread. */
    if (nn_store_open(absent, &file) != NN_ERROR_IO || !strstr(nn_error_text(), "absent.h5"))
        return fail_here("the text of another thread's failure");
    (void)turn;
    return NN_OK;
}

static nn_status fill_image(nn_store_image *image, int turn)
{
    float values[COUNT];
    const int64_t count = COUNT;
    for (int i = 0; i < COUNT; i++) values[i] = (float)(i + turn);
    NN_TRY(nn_store_image_put(image, "a/b", NN_STORE_F32, 1, &count, values));
    if (nn_store_image_put(image, "a/b", NN_STORE_F32, 1, &count, values) == NN_OK ||
        !strstr(nn_error_text(), "already exists"))
        return fail_here("HDF5's reason of another thread");
    return nn_store_image_put_text(image, "text", "words");
}

static nn_status check_image(const void *bytes, size_t size, int turn)
{
    nn_store_file *file;
    float values[COUNT];
    NN_TRY(nn_store_open_image(bytes, size, "image", &file));
    nn_status status = nn_store_read_verified(file, "a/b", NN_STORE_F32, COUNT, values);
    nn_store_close(file);
    NN_TRY(status);
    return values[7] == (float)(7 + turn) ? NN_OK : fail_here("another image");
}

static nn_status turn_image(int turn)
{
    nn_store_image *image;
    void *bytes = NULL;
    size_t size;
    NN_TRY(nn_store_image_create(&image));
    nn_status status = fill_image(image, turn);
    if (status == NN_OK) status = nn_store_image_seal(image, &bytes, &size);
    if (status == NN_OK) status = check_image(bytes, size, turn);
    nn_store_image_destroy(image);
    nn_free(bytes);
    return status;
}

static nn_status turn_write(int turn)
{
    char path[300];
    snprintf(path, sizeof path, "%s/written%d.h5", scratch_directory, turn % 3);
    return write_packed(path);
}

static void *work(void *context)
{
    worker *self = context;
    nn_status status = NN_OK;
    for (int turn = 0; turn < TURNS && status == NN_OK; turn++) status = self->turn(turn);
    if (status != NN_OK) snprintf(self->problem, sizeof self->problem, "%s", nn_error_text());
    return NULL;
}

/* Wrong: two threads enter HDF5 at once (a crash, other values), or a failure is reported by the wrong
 * one. */
static void test_threads(void **state)
{
    (void)state;
    worker workers[] = {{.turn = turn_read}, {.turn = turn_image}, {.turn = turn_write}, {.turn = turn_read}};
    pthread_t threads[4];
    snprintf(packed, sizeof packed, "%s/packed.h5", scratch_directory);
    snprintf(absent, sizeof absent, "%s/absent.h5", scratch_directory);
    expect_ok(write_packed(packed));
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < 4; i++)
        if (workers[i].problem[0]) fail_msg("thread %d: %s", i, workers[i].problem);
}

/* ---- every function takes the lock: if HDF5 was built thread-safe, it could hide an omission ---- */

static nn_store_file *open_file;
static nn_store_array *open_array;
static nn_store_image *open_image;
static nn_store_writer *open_writer;
static nn_store_output *open_output;

static void call_open(void)
{
    nn_store_file *file;
    if (nn_store_open(packed, &file) == NN_OK) nn_store_close(file);
}

static void call_array_open(void)
{
    nn_store_array *array;
    if (nn_store_array_open(open_file, "x", &array) == NN_OK) nn_store_array_close(array);
}

static void call_has(void)
{
    nn_store_has(open_file, "x");
}

static void call_read_rows(void)
{
    double value;
    nn_store_read_rows(open_array, 0, 1, NN_STORE_F64, &value);
}

static void call_find_damage(void)
{
    int64_t first, count;
    nn_store_find_damage(open_array, 0, 0, 1, &first, &count);
}

static void call_touch(void)
{
    nn_store_touch(open_file, "x");
}

static void call_read_names(void)
{
    char **names;
    size_t count;
    nn_store_read_names(open_file, "x", &names, &count);
}

static void call_read_text(void)
{
    char *text;
    nn_store_read_text(open_file, "x", &text);
}

static void call_image_create(void)
{
    nn_store_image *image;
    if (nn_store_image_create(&image) == NN_OK) nn_store_image_destroy(image);
}

static void call_image_put(void)
{
    nn_store_image_put(open_image, "scalar", NN_STORE_F64, 0, NULL, &(double){1});
}

static void call_image_put_text(void)
{
    nn_store_image_put_text(open_image, "text", "words");
}

static void call_image_put_attribute(void)
{
    nn_store_image_put_attribute(open_image, "attribute", "words");
}

static void call_image_seal(void)
{
    void *bytes;
    size_t size;
    nn_store_image_seal(open_image, &bytes, &size);
    nn_free(bytes);
}

static void call_append(void)
{
    nn_store_output_append(open_output, 1, NN_STORE_I32, &(int32_t){1});
}

static void call_put_names(void)
{
    nn_store_writer_put_names(open_writer, "names", 1, &(char *){"name"});
}

static void call_put_attribute(void)
{
    nn_store_writer_put_attribute(open_writer, NULL, "name", "text");
}

static void call_commit(void)
{
    nn_store_writer_commit(open_writer);
}

static pthread_mutex_t done_mutex = PTHREAD_MUTEX_INITIALIZER;
static bool done;

static bool is_done(void)
{
    pthread_mutex_lock(&done_mutex);
    bool value = done;
    pthread_mutex_unlock(&done_mutex);
    return value;
}

static void *call_one(void *context)
{
    (*(void (**)(void))context)();
    pthread_mutex_lock(&done_mutex);
    done = true;
    pthread_mutex_unlock(&done_mutex);
    return NULL;
}

static void open_all(void)
{
    const nn_store_layout layout = {.type = NN_STORE_I32, .rows = -1};
    snprintf(packed, sizeof packed, "%s/packed.h5", scratch_directory);
    expect_ok(write_packed(packed));
    expect_ok(nn_store_open(packed, &open_file));
    expect_ok(nn_store_array_open(open_file, "x", &open_array));
    expect_ok(nn_store_image_create(&open_image));
    expect_ok(nn_store_writer_create(scratch_path("locked.h5"), &open_writer));
    expect_ok(nn_store_writer_add(open_writer, "x", &layout, &open_output));
}

/* Wrong: a function enters HDF5 while another thread is in it. */
static void test_lock(void **state)
{
    (void)state;
    void (*calls[])(void) = {call_open,          call_array_open,     call_has,
                             call_read_rows,     call_find_damage,    call_touch,
                             call_read_names,    call_read_text,      call_image_create,
                             call_image_put,     call_image_put_text, call_image_put_attribute,
                             call_image_seal,    call_append,         call_put_names,
                             call_put_attribute, call_commit};
    const struct timespec moment = {.tv_nsec = 20000000};
    open_all();
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        pthread_t thread;
        done = false;
        nn_store_lock();
        assert_int_equal(pthread_create(&thread, NULL, call_one, &calls[i]), 0);
        nanosleep(&moment, NULL);
        bool early = is_done();
        nn_store_unlock();
        assert_int_equal(pthread_join(thread, NULL), 0);
        if (early) fail_msg("call %d does not wait", (int)i);
    }
    nn_store_writer_destroy(open_writer);
    nn_store_image_destroy(open_image);
    nn_store_array_close(open_array);
    nn_store_close(open_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads), cmocka_unit_test(test_lock)};
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
