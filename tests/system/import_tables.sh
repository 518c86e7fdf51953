#!/usr/bin/env bash
# `nntrain import` of text tables, series and texts as a user runs it: a file to train on from one command, one message
# with place and remedy for each mistake, reproducible bytes, and nothing left after an interruption.
source "$(dirname "$0")/common.sh"
find_python
[ -n "$python" ] || echo "skipped: content of the files: python3 has no h5py"

# imported OUTPUT ARGUMENT...
imported() {
    local output=$1
    shift
    "$program" import "$@" -o "$output" >import.log 2>&1 || { fail "exit $?: import $*"; cat import.log; }
}

# said PATTERN: in the output of the last import
said() { grep -q -E -e "$1" import.log || { fail "not printed: $1"; cat import.log; }; }

# holds FILE PYTHON: an expression of the open file f that must be true
holds() {
    [ -n "$python" ] || return 0
    "$python" -c "import h5py, numpy as np; f = h5py.File('$1', 'r'); assert $2, list(f.items())" 2>python.log ||
        { fail "$1: not so: $2"; cat python.log; }
}

# refused CODE PATTERN ARGUMENT...: ends with CODE, prints PATTERN once, leaves no file
refused() {
    local code=$1 pattern=$2 found
    shift 2
    "$program" import "$@" >import.log 2>&1
    found=$?
    [ $found = "$code" ] || { fail "exit $found, not $code: import $*"; cat import.log; }
    [ "$(grep -c -E -e "$pattern" import.log)" = 1 ] || { fail "not '$pattern' once: import $*"; cat import.log; }
    [ -z "$(ls -d refused.h5* 2>/dev/null)" ] || { fail "files left: $(ls -d refused.h5*)"; rm -rf refused.h5*; }
}

# ---- a table of samples: 64 values from 0 to 16 and a digit, in files of two halves ----
awk 'BEGIN {
    srand(7)
    for (i = 0; i < 64; i++) header = header "p" i ","
    for (row = 0; row < 600; row++) {
        file = row < 300 ? "first.csv" : "second.csv"
        if (row % 300 == 0) print header "digit" >file
        line = ""
        for (i = 0; i < 64; i++) line = line int(16 * ((i + 7 * (row % 10)) % 10) / 10 + rand()) ","
        print line row % 10 >file
    }
}'
imported digits.h5 csv first.csv second.csv --test=0.1 --validation 0.1 --stratified --dtype uint8
said '^  x_train +4[78][0-9] x 64  uint8; 64 columns: "p0"'
said '^  y_test +[56][0-9]  uint8, class labels'
said '^  validation: \{x: x_validation, y: y_validation\}'
holds digits.h5 "f['x_train'].dtype == 'uint8' and f['y_train'].dtype == 'uint8' and f['x_columns'][63] == b'p63'"
holds digits.h5 "sum(len(f['x_' + p]) for p in ('train', 'validation', 'test')) == 600 and 'y_classes' not in f"
holds digits.h5 "all(5 <= n <= 7 for n in np.bincount(f['y_test'][:]))"
holds digits.h5 "b'first.csv' in np.bytes_(f.attrs['nntrain_import'])"
cp digits.h5 before.h5
imported digits.h5 csv first.csv second.csv --test=0.1 --validation 0.1 --stratified --dtype uint8 --overwrite
cmp digits.h5 before.h5 || fail "the same import gives other bytes"

# The section that it prints can be used for training.
sed -n '/^data:/,$p' import.log >digits.yaml
cat >>digits.yaml <<YAML
network: [{dense: {units: 16, activation: relu}}, {dense: {units: classes}}]
loss: cross_entropy
metrics: [accuracy]
training: {epochs: 6, batch_size: 32}
YAML
train 1 1 digits.yaml || { fail "the imported file cannot be trained on"; cat digits.yaml train.log; }

# ---- names, quotes, categories, targets ----
printf '\xef\xbb\xbfsize;colour;"price; EUR"\r\n1;red;10.5\r\n2;"light ""sky""\nblue";20\r\n4;red;1e2\r\n' | gzip >houses.csv.gz
imported houses.h5 csv houses.csv.gz
said '^  y +3  float32; 1 column: "price; EUR"'
said '^  split: \{validation: 0.1\}'
holds houses.h5 "f['x'].dtype == 'float32' and f['x'][:].tolist() == [[1, 1], [2, 0], [4, 1]]"
holds houses.h5 "f['y'][:].tolist() == [10.5, 20, 100] and [n for n in f['x_categories/colour']] == [b'light \"sky\"\nblue', b'red']"
imported two.h5 csv houses.csv.gz --x size --y 'price; EUR' --dtype float64 --compression 4 --chunk 2
holds two.h5 "f['x'].dtype == 'float64' and f['x'].chunks == (2, 1) and f['y'][0] == 10.5"
imported classes.h5 csv houses.csv.gz --y colour --x size
holds classes.h5 "f['y'].dtype == 'uint8' and f['y'][:].tolist() == [1, 0, 1] and len(f['y_classes']) == 2"

# ---- series and texts ----
awk 'BEGIN { print "day,open,close"; for (i = 0; i < 200; i++) print 1000 + i "," i / 10 "," i * i }' >prices.csv
imported prices.h5 series prices.csv --time day --test 0.1 --chronological
holds prices.h5 "f['series_train'].shape == (180, 2) and f['series_test'][0, 1] == 180 * 180 and f['series_columns'][0] == b'open'"
printf 'H\xc3\xa4user\n' >a.txt
printf '\xe2\x86\x92 b' >b.txt
imported text.h5 text a.txt b.txt
said '^  window: \{length: 64, stride: 64, target: every_step\}'
said '^  fields: \{x: \{kind: index\}\}'
holds text.h5 "f['text'].dtype == 'uint8' and b''.join(f['text_classes'][i] for i in f['text']) == open('a.txt', 'rb').read() + open('b.txt', 'rb').read()"
printf 'bHe' >c.txt
imported more.h5 text c.txt --vocabulary text.h5
holds more.h5 "(f['text_classes'][:] == h5py.File('text.h5')['text_classes'][:]).all() and b''.join(f['text_classes'][i] for i in f['text']) == b'bHe'"
imported bytes.h5 text a.txt --unit bytes
holds bytes.h5 "f['text'][:].tobytes() == open('a.txt', 'rb').read() and 'text_classes' not in f"

# ---- mistakes in the data ----
bad() { printf "$1" >bad.csv; } # the format follows from the content
bad 'a,b\n1,2\n3\n'
refused 5 'bad.csv:3: 1 fields in a table of 2 columns' csv bad.csv -o refused.h5
bad 'a,b\n1,2\n3,x\n'
refused 5 "bad.csv:3: column 'b': 'x' is not a number" csv bad.csv -o refused.h5
bad 'a,b\n1,"2\n3,4\n'
refused 5 'bad.csv:2: the opening quote of field 2 is never closed' csv bad.csv -o refused.h5
bad 'a,b\n1,2\n?,4\n'
refused 5 "bad.csv:3: column 'a' has no value .*--missing drop" csv bad.csv -o refused.h5
imported dropped.h5 csv bad.csv --missing drop
bad 'a,b\n1,\xe9\n2,\xe8\n'
refused 5 'bad.csv:2: .*not UTF-8.*iconv' csv bad.csv -o refused.h5
# Numbers and dates in another notation never become categories: the option in the message reads them.
cure() { # cure PATTERN OPTION...: refused with the pattern, and read with the options
    local pattern=$1
    shift
    refused 5 "bad.csv:[0-9]+: column .*$pattern" csv bad.csv -o refused.h5
    imported cured.h5 csv bad.csv "$@" --overwrite
}
bad 'temp;co\n10,01;1,5\n-3,4;2,25\n'
cure "numbers with a decimal comma, such as '10,01': add --decimal ','" --decimal ,
said "^columns \(delimiter ';', named by the first row\)"
said '^  temp +numbers +0  -3.4 to 10.01'
holds cured.h5 "np.allclose(f['x'][:, 0], [10.01, -3.4]) and np.allclose(f['y'], [1.5, 2.25])"
bad 'area,price\n80,"1,000"\n90,"12,500"\n'
cure "--decimal ',' if the comma is the decimal point, --thousands ',' if it groups digits" --thousands ,
holds cured.h5 "f['y'][:].tolist() == [1000, 12500]"
bad 'usd,share,y\n$5,12%%,1.5\n-$7,13 %%,2.5\n'
cure "'usd' .*--strip '\\$'.*'share' \(--strip '%'\)" --strip '$,%'
holds cured.h5 "f['x'][:].tolist() == [[5, 12], [-7, 13]]"
bad 'lakh,due,y\n"1,00,000",2.5-,1.5\n"12,34,567",3,2.5\n5,1-,2\n'
cure "'lakh' .*commas between thousands.*'due' \(--strip '-'\)" --thousands , --strip=-
holds cured.h5 "f['x'][:].tolist() == [[100000, -2.5], [1234567, 3], [5, -1]]"
bad 'a,y\ninf,1.5\n2,2.5\n-NaN,3.5\n-Infinity,4\n'
cure "--missing-values 'inf,-NaN,-Infinity'" --missing-values 'inf,-NaN,-Infinity' --missing drop
holds cured.h5 "f['x'][:].tolist() == [[2]]"
bad 'at,y\n2024-01-02 03:04:05 UTC,1.5\n2025-02-28 00:00:00.5 UTC,2.5\n' # seconds keep their decimals
cure "--date 'at=%Y-%m-%d %H:%M:%S UTC'" '--date=at=%Y-%m-%d %H:%M:%S UTC'
holds cured.h5 "f['x'][:, 0].tolist() == [1704164645, 1740700800.5]"
bad 'id,y\n9007199254740993,1.5\n9007199254740992,2.5\n9007199254740993,3\n'
imported cured.h5 csv bad.csv --overwrite
said "warning: column 'id' has integers beyond 2\^53.*--categorical 'id'"
imported cured.h5 csv bad.csv --categorical id --overwrite
holds cured.h5 "f['x'][:, 0].tolist() == [1, 0, 1]"
# Advice does not contradict an option that other columns need: following it terminates.
bad 'a;y\n1.234;1,5\n2.345;2,5\n'
refused 5 "'y' .*--decimal ','" csv bad.csv -o refused.h5
refused 5 "'a' .*add --decimal ',' --thousands \." csv bad.csv -o refused.h5 --decimal ,
imported cured.h5 csv bad.csv --decimal , --thousands . --overwrite
holds cured.h5 "f['x'][:, 0].tolist() == [1234, 2345]"
bad 'a;y\n1.25;1,5\n2.5;2,5\n'
refused 5 "'a' .*no option reads both" csv bad.csv -o refused.h5 --decimal ,
bad 'a,y\n1.5,1\n"2,5",2\n'
refused 5 "'2,5' is not a number, unlike the values above it: correct it" csv bad.csv -o refused.h5
bad 'a,y\n"1,234",1\n"1,23",2\n'
refused 5 "'1,23' is not a number, unlike the values above it: correct it" csv bad.csv -o refused.h5 --thousands ,
# Columns without any value, as made by a delimiter at the end of each line.
bad 'a,b,\n1,2.5,\n2,3.5,\n'
refused 5 "'column3' has no value.*--drop 'column3'" csv bad.csv -o refused.h5
refused 5 "'column3' has no value in any row: remove it with --drop" csv bad.csv -o refused.h5 --missing drop
imported cured.h5 csv bad.csv --drop column3 --overwrite
holds cured.h5 "f['y'][:].tolist() == [2.5, 3.5] and f['x'].shape == (2, 1)"
# Words only: a first row of words that do not recur is taken as column names, with a message.
bad 'colour,size\nred,big\nblue,small\nred,small\n'
imported cured.h5 csv bad.csv --overwrite
said 'warning: the first row of bad.csv .*--header no'
holds cured.h5 "f['x'].shape == (3, 1) and f['y_classes'][:].tolist() == [b'big', b'small']"
imported cured.h5 csv bad.csv --overwrite --header no
holds cured.h5 "f['x'].shape == (4, 1)"
bad 'red,big\nblue,small\nred,small\n'
imported cured.h5 csv bad.csv --overwrite
holds cured.h5 "f['x'].shape == (3, 1) and f['x_columns'][0] == b'column1'"
bad 'a/b,a_b,y\nu,v,1.5\nx,v,2.5\n'
refused 5 "columns 'a/b' and 'a_b' hold names, which would go to the same dataset" csv bad.csv -o refused.h5
bad 'day,y\n2024-01-02,1.5\n2024-01-03,2.5\n'
cure "dates or times, such as '2024-01-02': add --date 'day=%Y-%m-%d'" --date day=%Y-%m-%d
said '^  day +dates, %Y-%m-%d as seconds +0  2024-01-02 00:00:00 to 2024-01-03'
holds cured.h5 "f['x'].dtype == 'float64' and f['x'][:, 0].tolist() == [1704153600, 1704240000]"
imported cured.h5 csv bad.csv --date day=%Y-%m-%d --dates parts --overwrite
holds cured.h5 "f['x'][:].tolist() == [[2024, 1, 2, 1], [2024, 1, 3, 2]] and f['x_columns'][3] == b'day_weekday'"
bad 'a,y\n-,1.5\n2,2.5\n3,4\n'
cure "2 of its 3 different values are numbers: add --missing-values '-'" --missing-values - --missing drop
said 'warning: 1 of 3 rows lack a value and were dropped'
imported stray.h5 csv bad.csv --categorical a
said '^  a +3 categories +0  -, 2, 3'
bad 'a,y\n1,15\n"2,5",25\n'
cure "'2,5' is not a number, unlike the values above it: add --decimal ','" --decimal , --y a
bad 'time,y\n10:00:00.25,1\n10:00:00.5,2\n10:00:01,2\n'
cure "--date 'time=%H:%M:%S'" --date time=%H:%M:%S --target value
bad 'at,y\n1700000000,1.5\n1700000001,2.5\n'
imported fine.h5 csv bad.csv # float32 would make both times one
holds fine.h5 "f['x'].dtype == 'float64' and f['x'][1, 0] - f['x'][0, 0] == 1"
refused 2 "expected COLUMN=FORMAT" csv bad.csv --date at -o refused.h5
refused 5 "'1700000000' is not a date in the format '%Y'" csv bad.csv --date at=%Y -o refused.h5
refused 2 "no column 'yy'|has no column 'yy'" csv bad.csv --drop yy -o refused.h5
refused 2 'both .,.: they must differ' csv bad.csv --decimal , --thousands , -o refused.h5
awk 'BEGIN { print "id,word,y"; for (i = 1; i < 13; i++) print i ",w" i "x," i / 8 }' >ids.csv
imported ids.h5 csv ids.csv
said "warning: column 'id' counts the rows"
said "warning: column 'word' has a different word in each row"
imported ids.h5 csv ids.csv --drop word --overwrite
said '^  word +left out'
holds ids.h5 "f['x'].shape == (12, 1)"

# What is probably unintended is reported with its column, and the remedies work.
bad 'zip,a,a,y\n01234,1,2,1.5\n1234,2,3,2.5\n00,0,0.5,4\n'
imported odd.h5 csv bad.csv
said "warning: column 'zip' has numbers with leading zeros"
said "warning: columns 2 and 3 are both named 'a'"
imported odd.h5 csv bad.csv --categorical zip --drop 3 --overwrite
grep -qE 'warning: (column|columns)' import.log && fail "warned of columns although it is seen to"
holds odd.h5 "f['x_categories/zip'][:].tolist() == [b'00', b'01234', b'1234'] and f['x'].shape == (3, 2)"
bad 'country,2019,2020\nFrance,1.5,2.5\nPeru,2.5,3.5\n'
imported odd.h5 csv bad.csv --overwrite
said 'warning: the first row of bad.csv is read as a sample, but its columns 2 and 3 are the years 2019 and 2020'
imported odd.h5 csv bad.csv --header yes --overwrite
grep -qE 'the first row of .* sample' import.log && fail "a header is taken for a sample"
holds odd.h5 "f['x_columns'][:].tolist() == [b'country', b'2019']"
bad '2019,2020\n2001,2002\n'
imported odd.h5 csv bad.csv --overwrite
grep -qE 'the first row of .* sample' import.log && fail "rows of years are read as a header"

# ---- --like an earlier import: its order of columns and its numbers ----
printf 'colour,kg,fruit\nblue,1.5,plum\nred,2,cherry\nyellow,3,lemon\n' >old.csv
printf 'extra,fruit,kg,colour\n1,lemon,3.5,yellow\n2,cherry,1,red\n' >new.csv
imported old.h5 csv old.csv
imported new.h5 csv new.csv --like old.h5
said '^  extra +not used'
holds new.h5 "f['x'][:].tolist() == [[2, 3.5], [1, 1]] and f['y'][:].tolist() == [1, 0]"
holds new.h5 "[f['y_classes'][i] for i in f['y']] == [b'lemon', b'cherry'] and (f['y_classes'][:] == h5py.File('old.h5')['y_classes'][:]).all()"
holds new.h5 "(f['x_categories/colour'][:] == h5py.File('old.h5')['x_categories/colour'][:]).all()"
printf 'colour,kg\nred,3.5\n' >unlabelled.csv
imported unlabelled.h5 csv unlabelled.csv --like old.h5
holds unlabelled.h5 "f['x'][:].tolist() == [[1, 3.5]] and 'y' not in f"
printf 'colour,kg,fruit\ngreen,1.5,plum\n' >bad.csv
refused 5 "bad.csv:2: column 'colour': 'green' is not one of the 3 names of the earlier import \(blue, red, yellow\)" csv bad.csv --like old.h5 -o refused.h5
printf 'colour,fruit\nred,plum\n' >bad.csv
refused 5 "old.h5 has a column 'kg', which is not among those of bad.csv \(colour\): rename" csv bad.csv --like old.h5 -o refused.h5
printf 'colour,kg,fruit\nred,1,plum\n' >bad.csv
refused 5 "'kg', which is not among those of bad.csv \(colour\): the options" csv bad.csv --like old.h5 --drop kg -o refused.h5
refused 2 "'kg' holds numbers in old.h5: remove it from --categorical" csv bad.csv --like old.h5 --categorical kg -o refused.h5
printf 'colour,kg,fruit\nred,4,plum\nred,?,plum\n' >bad.csv
imported cured.h5 csv bad.csv --like old.h5 --missing mean --overwrite
said "warning: column 'kg': --missing mean uses the mean of these rows, 4, not that of the earlier import"
printf 'colour,kg,fruit\nred,?,plum\n' >bad.csv
refused 5 "'kg' has no value in any row, so it has no mean: fill it in" csv bad.csv --like old.h5 --missing mean -o refused.h5
printf 'colour,kg,fruit\nred,heavy,plum\n' >bad.csv
refused 5 "'heavy' is not a number.*or count it as missing with --missing-values 'heavy'$" csv bad.csv --like old.h5 -o refused.h5
refused 5 'prices.h5 has none of the datasets that this import writes \(x, y\)' csv bad.csv --like prices.h5 -o refused.h5
printf 'a,digit\n1,0\n2,7\n3,0\n4,7\n5,3\n6,3\n' >old.csv
printf 'a,digit\n1,7\n2,3\n' >new.csv
imported old.h5 csv old.csv --overwrite
imported new.h5 csv new.csv --like old.h5 --overwrite
holds new.h5 "f['y'][:].tolist() == [2, 1] and f['y_classes'][:].tolist() == [b'0', b'3', b'7']"
printf 'a,digit\n1,4\n' >bad.csv
refused 5 "'4' is not one of the 3 names of the earlier import" csv bad.csv --like old.h5 -o refused.h5
printf 'a,digit\n1,7\n1,3.5\n' >bad.csv
refused 5 "'3.5' is not one of the 3 names of the earlier import" csv bad.csv --like old.h5 -o refused.h5
refused 2 'unit bytes: text.h5 holds the numbers of' text c.txt --like text.h5 --unit bytes -o refused.h5
awk 'BEGIN { print "a,digit"; for (i = 0; i < 20; i++) print i / 8 "," i % 10 }' >old.csv
imported old.h5 csv old.csv --overwrite
imported new.h5 csv new.csv --like old.h5 --overwrite
holds new.h5 "f['y'][:].tolist() == [7, 3] and 'y_classes' not in f"
imported more.h5 text c.txt --like text.h5 --overwrite
holds more.h5 "(f['text_classes'][:] == h5py.File('text.h5')['text_classes'][:]).all()"
bad 'a,b\n'
refused 5 'no rows' csv bad.csv -o refused.h5 --header yes
bad 'a,b\n1,2\n300,2.5\n'
refused 5 'x: row 1 .*has the value 300, which uint8 cannot represent' csv bad.csv -o refused.h5 --dtype uint8
bad 't,v\n2,1\n1,1\n'
refused 5 "bad.csv:3: column 't' goes back from '2' to '1'" series bad.csv --time t -o refused.h5
bad 'abc\xff'
refused 5 'bad.csv: byte 3 .*not UTF-8' text bad.csv -o refused.h5
bad 'bHx'
refused 5 "bad.csv: the character 'x' that ends at byte 3 is not in the vocabulary" text bad.csv --vocabulary text.h5 -o refused.h5
head -c 60 houses.csv.gz >short.csv.gz
refused 6 'short.csv.gz: the compressed file is cut short' csv short.csv.gz -o refused.h5
refused 6 'nowhere.csv: cannot be read' csv nowhere.csv -o refused.h5

# ---- mistakes on the command line ----
refused 2 "unknown format 'cvs'; did you mean 'csv'" cvs first.csv -o refused.h5
refused 2 "unknown format 'first.csv'" first.csv -o refused.h5
refused 2 'give the format first' -o refused.h5
refused 2 'give at least one file' csv -o refused.h5
refused 2 'output is missing' csv first.csv
refused 2 "unknown option 'validaton'; did you mean 'validation'" csv first.csv -o refused.h5 --validaton 0.1
refused 2 'test: must be from 0 to 1' csv first.csv -o refused.h5 --test 2
refused 2 "dtype: unknown word 'uint9'; did you mean 'uint8'" csv first.csv -o refused.h5 --dtype uint9
refused 2 'leave nothing to train on' csv first.csv -o refused.h5 --test 0.5 --validation 0.5
refused 2 'leave none for the test part' csv first.csv -o refused.h5 --test 0.0001
refused 2 'no class labels' csv houses.csv.gz -o refused.h5 --test 0.4 --stratified
refused 2 'add --chronological' series prices.csv --time day --test 0.1 -o refused.h5
refused 2 'digits.h5 exists: .*--overwrite' csv first.csv -o digits.h5
refused 2 'first.csv is a source' csv first.csv -o first.csv --overwrite
refused 6 'there is no folder missing/' csv first.csv -o missing/refused.h5
refused 2 '. is a folder' csv . -o refused.h5
cmp digits.h5 before.h5 || fail "a refused import changed the output"
refused_by_ranks=$(mpirun -n 2 --bind-to none "$program" import csv first.csv -o refused.h5 2>&1)
[ $? = 2 ] && [ "$(grep -c 'without mpirun' <<<"$refused_by_ranks")" = 1 ] || fail "under mpirun: $refused_by_ranks"

# ---- full disk, interruption ----
awk 'BEGIN { for (i = 0; i < 1500000; i++) print i ",0.5," i % 7 ",1" }' >large.csv
(ulimit -f 1000 && "$program" import csv large.csv -o refused.h5 >import.log 2>&1)
[ $? = 6 ] || { fail "no room: exit $?"; cat import.log; }
[ -z "$(ls refused.h5* 2>/dev/null)" ] || fail "no room: $(ls refused.h5*) stays"
for signal in INT TERM KILL; do
    rm -f large.h5*
    # A script's background processes ignore SIGINT: the program sets its own handler before it writes.
    "$program" import csv large.csv -o large.h5 >import.log 2>&1 &
    process=$!
    for _ in $(seq 2000); do [ -e large.h5.nntrain.tmp ] && break; sleep 0.005; done
    kill -$signal $process
    wait $process 2>/dev/null
    code=$?
    [ ! -e large.h5 ] || fail "SIG$signal leaves an output"
    [ $signal = KILL ] && continue
    [ $code = 75 ] && [ "$(ls large.h5* 2>/dev/null)" = "" ] || { fail "SIG$signal: exit $code, left: $(ls large.h5*)"; cat import.log; }
    grep -q 'interrupted: large.h5 was not written' import.log || { fail "SIG$signal: no message about it"; cat import.log; }
done
imported large.h5 csv large.csv # over the leftovers of the killed import
[ ! -e large.h5.nntrain.tmp ] || fail "the killed import's file stays"

# ---- help ----
for topic in import csv series text; do
    "$program" help $topic >help.log 2>&1 || { fail "help $topic"; cat help.log; }
    grep -q -e '--validation: number' help.log || { fail "help $topic lacks the common options"; cat help.log; }
done
"$program" import --help | grep -q '^  csv ' || fail "import --help lists no formats"
"$program" import csv --help | grep -q -e '--delimiter: text' || fail "import csv --help lacks --delimiter"
finish
