#!/usr/bin/env perl
# The admin command: accounts, imports with errors by line, checks, and a look into the database.

use FindBin;
use lib "$FindBin::Bin/lib";
use StockVerify::Test;

my $stack = start_stack(seed => 0);
my $nobody = $stack->client;

sub ctl {
    my ($words, $input, $expected) = @_;
    my ($text, $status) = $stack->ctl($words, $input);
    is $status, $expected // 0, "@$words" or diag $text;
    return $text;
}

sub login {
    my ($username, $password) = @_;
    return $nobody->post('/api/auth/login', { username => $username, password => $password });
}

subtest 'help and usage' => sub {
    for my $words (['--help'], ['help'], ['users', '--help'], ['users', 'add', '--help'], ['db', 'find', '--help']) {
        like ctl($words), qr/^usage:|  users add|^stockverifyctl /m, 'help';
    }
    like ctl(['--version']), qr/^stockverifyctl \d/, 'version';
    for my $words ([], ['nonsense'], ['users'], ['users', 'fly'], ['users', 'add'], ['users', 'disable'],
        ['users', 'add', 'x', '--role', 'king', '--full-name', 'X'], ['items', 'import', 'a', '--nonsense'], ['-x'],
        ['db', 'find', 'no_such_collection', '{}']) {
        ctl($words, '', 2);
    }
    like ctl(['users', 'fly'], '', 2), qr/^stockverifyctl: there is no command users fly$/m, 'what is no command is named';
};

subtest 'a check says what is right and what is not' => sub {
    ctl(['indexes', 'ensure']);
    my @as_here = $stack->{stack}->check_options;
    my $text = ctl(['check', @as_here]);
    like $text, qr/^$_ +\S+ +ok$/m, $_ for qw(settings agreement files spool redis mongodb indexes migrations worker);
    like $text, qr/^spool mark +\S+ +ok$/m, 'the spool is this database\'s';
    is scalar(() = $text =~ /^(?:files|spool|redis|mongodb) +\S+ +ok$/mg), 8, 'for worker and nginx' or diag $text;
    is_deeply [glob $stack->{stack}->file('spool/.check*')], [], 'which leaves nothing behind';
    my $given = do { open my $in, '<', $stack->{stack}->file('worker.conf') or die; local $/; <$in> };
    my $check_with = sub {
        my ($more, @options) = @_;
        my $settings = $stack->{stack}->file('other.conf');
        StockVerify::Stack::write_file($settings, $given . $more);
        return scalar qx($stack->{stack}{build}/stockverifyctl -c $settings check @{[@options ? @options : @as_here]} 2>&1);
    };
    my $none = $stack->{stack}->file('none');
    like $check_with->("SMTP_HOST=localhost\nMAIL_FROM=stock\@example.com\nSMTP_USER=stock\nSMTP_PASSWORD_FILE=$none\n"),
        qr/^files +\S+ +\Q$none\E cannot be opened/m, 'a mail password that is not there is told';
    like $check_with->("SPOOL_DIR=$none\n"), qr/^spool +\S+ +nothing can be written into SPOOL_DIR \Q$none\E: No such file/m, 'a spool that is not there';
    mkdir $none . '-foreign';
    write_file("$none-foreign/stockverify-spool", "00000000-0000-4000-8000-000000000000 production\n");
    like $check_with->("SPOOL_DIR=$none-foreign\n"), qr/^spool mark +\S+ .*SPOOL_DIR is another database's: \S+ says "\S+ production"/m, 'a spool of another environment';
    mkdir "$none-foreign/jobs";
    mkdir "$none-foreign/jobs/11111111-1111-4111-8111-111111111111";
    unlink "$none-foreign/stockverify-spool";
    like $check_with->("SPOOL_DIR=$none-foreign\n"), qr/^spool mark +\S+ .*files of jobs that this database does not know/m, 'or of nobody knows whom';
    ok !-e "$none-foreign/stockverify-spool", 'and a check marks none';
    like $check_with->("SPOOL_DIR=$none\nRACK_LOCK_TTL=77\n"), qr/^agreement .*RACK_LOCK_TTL is 77 for the worker and 60 for nginx; SPOOL_DIR is \Q$none\E/m, 'settings that disagree';
    like $check_with->("REDIS_DB=7\n"), qr/^redis +\S+ +nginx' Redis \(.*database 0\) is not the one that the worker writes to \(.*database 7\)/m, 'another Redis' if $stack->owns('redis');
    like $check_with->('', '--nginx-conf', $none), qr/^nginx\.conf +- +\Q$none\E cannot be opened/m, 'an nginx.conf that is not there';
    my $including = $stack->{stack}->file('including.conf');
    StockVerify::Stack::write_file($including, "http {\n    include missing.conf;\n}\n");
    like $check_with->('', '--nginx-conf', $including), qr/^nginx\.conf +- +\S+missing\.conf cannot be opened/m, 'or includes a file that is not';
    like $check_with->('', '--worker-user', 'nobody-of-this-name'), qr/no user nobody-of-this-name/, 'an unknown user';
    SKIP: {
        skip 'only root can be somebody else', 2 if $> != 0;
        like $check_with->('', '--worker-user', 'nobody'), qr/^files +nobody +.*(?:cannot be opened|Permission denied)/m, "what another user can't read";
        like $check_with->('', '--worker-user', 'nobody'), qr/^spool +nobody +nothing can be written/m, 'nor write';
    }
    like ctl(['indexes', 'show']), qr/^kept +users\.username \(username\) unique$/m, 'indexes are shown' if $ENV{MONGODB_URI};
};

subtest 'the first administrator' => sub {
    my @add = ('users', 'add', 'Root', '--role', 'admin', '--full-name', 'Root of All', '--password-file', '-');
    like ctl(\@add, "short\n", 1), qr/8 characters/, 'a password has eight characters';
    ctl(\@add, '', 1);
    like ctl([@add, '--user-id', 'root-1'], "correct horse battery\n"), qr/^root \(root-1\): created$/m, 'created';
    like ctl(\@add, "correct horse battery\n", 1), qr/is taken/, 'once';
    my $answer = login('root', 'correct horse battery');
    is $answer->status, 200, 'it logs in' or diag $answer->text;
    is $answer->data->{user}{user_id}, 'root-1', 'under its id';
    is $answer->data->{user}{role}, 'admin', 'as admin';
    like ctl(['users', 'list']), qr/^root +root-1 +admin +enabled/m, 'it is listed';
};

subtest 'changes of an account show at once' => sub {
    ctl(['users', 'add', 'asha', '--role=staff', '--full-name=Asha Rao', '--warehouse=W1', '--password-file=-'], "correct horse battery\n");
    my $client = $stack->client(token => login('asha', 'correct horse battery')->data->{access_token});
    is $client->get('/api/auth/me')->data->{role}, 'staff', 'staff';
    ctl(['users', 'set-role', 'asha', 'supervisor']);
    is $client->get('/api/auth/me')->data->{role}, 'supervisor', 'supervisor with the same token';
    ctl(['users', 'revoke', 'asha']);
    is $client->get('/api/auth/me')->code, 'token_revoked', 'revoked';
    ctl(['users', 'reset-password', 'asha', '--password-file', '-'], "staple of another kind\n");
    is login('asha', 'correct horse battery')->status, 401, 'the old password is out';
    is login('asha', 'staple of another kind')->status, 200, 'the new one is in';
    ctl(['users', 'disable', 'asha']);
    is login('asha', 'staple of another kind')->code, 'account_disabled', 'disabled';
    ctl(['users', 'enable', 'asha']);
    is login('asha', 'staple of another kind')->status, 200, 'enabled';
    like ctl(['users', 'disable', 'nobody'], '', 1), qr/no user nobody/, 'who is not there is named';
};

subtest 'users from CSV' => sub {
    my $csv = "username,full_name,role,warehouse,password\n"
        . "ben,Ben Weiss,staff,W1,correct horse\n" . "eva,,staff,W1,correct horse\n" . "max,Max,king,W1,correct horse\n"
        . "pia,Pia,staff,W1,short\n" . "ida,\"Ida \"\"I\"\" Holm\",supervisor,,correct horse\n" . "zoe,Zoe,staff\n";
    my $text = ctl(['users', 'import', '-'], $csv, 1);
    like $text, qr/^line 3: full_name: it is required$/m, 'an empty name';
    like $text, qr/^line 4: role: "king" is not staff, supervisor or admin$/m, 'an unknown role';
    like $text, qr/^line 5: password: .*8 characters/m, 'a short password';
    like $text, qr/^line 7: it has 3 fields, the header has 5$/m, 'a short row';
    like $text, qr/^6 rows: 2 created, 0 changed, 0 unchanged, 4 refused$/m, 'the good ones are there';
    is login('ida', 'correct horse')->data->{user}{full_name}, 'Ida "I" Holm', 'quotes are read';

    my $again = "username,full_name,role,warehouse,password\nben,Ben Weiss,staff,W1,correct horse\nida,Ida Holm,supervisor,W2,\n";
    like ctl(['users', 'import', '-'], $again), qr/0 created, 1 changed, 1 unchanged, 0 refused/, 'again: only what differs changes';
    is login('ida', 'correct horse')->data->{user}{warehouse}, 'W2', 'and an empty password is no new one';
    like ctl(['users', 'import', '-'], "username,fullname,role,password\n", 1), qr/fullname: there is no such column/, 'a misspelt column';
    like ctl(['users', 'import', '-'], "full_name,role,password\n", 1), qr/username: the column is missing/, 'a missing column';
    like ctl(['users', 'import', '-'], '', 1), qr/empty|header/, 'an empty file';
    ctl(['users', 'import', '/no/such/file.csv'], '', 1);
};

subtest 'warehouses' => sub {
    like ctl(['warehouses', 'set', 'W7', '--time-zone', 'Asia/Kolkata', '--currency', 'INR', '--rack-books', 'yes', '--name', 'South']),
        qr/^W7 +Asia\/Kolkata +INR +rack books +South$/m, 'made known';
    like ctl(['warehouses', 'set', 'W7', '--currency', '']), qr/^W7 +Asia\/Kolkata +- /m, 'changed, the rest stays';
    like ctl(['warehouses', 'set', 'W7', '--time-zone', 'Mars/Olympus'], '', 1), qr/no time zone Mars\/Olympus/, 'a zone nobody has';
    like ctl(['warehouses', 'import', '-'], "warehouse,currency\nW8,EUR\nW9,euro\n", 1), qr/^line 3: currency: .*1 created.*1 refused$/ms, 'from a file';
    like ctl(['warehouses', 'list']), qr/^W7 .*^W8 +UTC +EUR /ms, 'listed';
};

subtest 'racks from CSV, without touching who holds them' => sub {
    like ctl(['racks', 'import', '-'], "rack_id,warehouse,floor,zone,estimated_items\nR1,W1,F1,A,12\nR2,W1,F2,,x\nR3,,F1,A,1\n", 1),
        qr/^line 3: estimated_items: .*\n(?:.*\n)*3 rows: 1 created/m, 'bad numbers are named';
    like ctl(['racks', 'import', '-', '--warehouse', 'W1'], "rack_id,floor\nR2,F2\nR3,F2\n"), qr/2 created/, 'a default warehouse';
    like ctl(['warehouses', 'list']), qr/^W1 /m, 'the racks make their warehouse known';
    my $before = $stack->mongo->find_one('rack_registry', { rack_id => 'R1' });
    is plain($before)->{fence}, 0, 'a new rack was never held';
    my $client = $stack->client(token => login('ben', 'correct horse')->data->{access_token});
    my $claim = $client->post('/api/racks/R1/claim', {});
    is $claim->status, 200, 'it can be claimed' or diag $claim->text;
    like ctl(['racks', 'import', '-'], "rack_id,warehouse,floor,zone\nR1,W1,F1,B\n"), qr/0 created, 1 changed/, 'imported again';
    my $rack = plain($stack->mongo->find_one('rack_registry', { rack_id => 'R1' }));
    is $rack->{zone}, 'B', 'the zone changed';
    is $rack->{session_id}, $claim->data->{session_id}, 'the holder did not';
    is $rack->{fence}, 1, 'nor the fence';
    is $rack->{estimated_items}, 12, 'nor what the file does not tell of';
};

subtest 'items from CSV' => sub {
    my $csv = "item_code,item_name,barcode,barcodes,pack_qty,warehouse,stock_qty,unit_cost,serial_tracked\r\n"
        . "I1, Rice ,290,291|292 290,6,W1,-4.5,12.25,yes\r\n" . "I2,,1,,,W1,1,1,no\r\n" . "I3,Oil,2,,,W1,1.1234567,1,no\r\n"
        . "I4,Oil,2,,,W1,1,-1,no\r\n" . "I5,Oil,2,,,W1,1,1,perhaps\r\n" . "I6,Oil,2,,,W1,1,1,no,7\r\n" . "I7,Öl,3,,1,W1,5,,\r\n";
    my $text = ctl(['items', 'import', '-'], $csv, 1);
    like $text, qr/^line 3: item_name: it is required$/m, 'no name';
    like $text, qr/^line 4: stock_qty: "1\.1234567" is not a number of at most six places/m, 'seven places';
    like $text, qr/^line 5: unit_cost: -1 is negative$/m, 'a negative price';
    like $text, qr/^line 6: serial_tracked: "perhaps" is neither true nor false$/m, 'no flag';
    like $text, qr/^line 7: field 10 \("7"\) has no column in the header$/m, 'a field too many';
    like $text, qr/^7 rows: 2 created, 0 changed, 0 unchanged, 5 refused$/m, 'the good ones are there';
    my $item = plain($stack->mongo->find_one('erp_items', { item_code => 'I1' }));
    is $item->{item_name}, 'Rice', 'blanks round a field do not count';
    is_deeply $item->{barcodes}, ['290', '291', '292'], 'all barcodes, each once';
    is $item->{stock_qty}, '-4.5', 'exact quantities';
    ok $item->{serial_tracked}, 'serial tracked';

    $stack->mongo->update('erp_items', { item_code => 'I1' }, { '$set' => { verified => \1, verified_by => 'ben' } });
    like ctl(['items', 'import', '-'], "item_code,item_name,stock_qty\nI1,Rice 5 kg,7\n"), qr/0 created, 1 changed/, 'imported again';
    $item = plain($stack->mongo->find_one('erp_items', { item_code => 'I1' }));
    is $item->{item_name}, 'Rice 5 kg', 'a new name';
    is $item->{verified_by}, 'ben', 'what was counted stays';
    is_deeply $item->{barcodes}, ['290', '291', '292'], 'and what the file does not tell of';

    like ctl(['items', 'import', '-', '--warehouse', 'W2'], "barcode,item_name\n0041497153718,Olive Oil\n,Nothing\n0041497153718,Olive Oil 1 l\n", 1),
        qr/^line 3: barcode: it is required$/m, 'two columns will do';
    $item = plain($stack->mongo->find_one('erp_items', { item_code => '0041497153718' }));
    is $item->{item_name}, 'Olive Oil 1 l', 'the last row of a code counts';
    is $item->{warehouse}, 'W2', 'in the default warehouse';
    is $stack->mongo->count('erp_items', { item_code => '0041497153718' }), 1, 'once';
};

subtest 'rows as spreadsheets and other systems write them' => sub {
    my $csv = "\x{feff} Item_Code ; item_name;description;stock_qty;pack_qty;;\r\n"
        . qq{S1;"Big\r\nbag";"one\r\n\ttwo\x{92}s";12.00000000;1E+2;;\r\n} . ";;;;;;\r\n" . "S2;Small;;0E-8;7.;;\r\n" . "S3;Tiny;;.5;;;\r\n\x1a";
    like ctl(['items', 'import', '-'], $csv), qr/^3 rows: 3 created/m, 'empty rows and columns are none';
    my $item = plain($stack->mongo->find_one('erp_items', { item_code => 'S1' }));
    is $item->{item_name}, 'Big bag', 'a name has one line';
    is $item->{description}, "one\n\ttwo\x{2019}s", 'a description keeps its lines, and what Windows meant';
    is_deeply [@{$item}{qw(stock_qty pack_qty)}], [12, 100], 'numbers of any spelling';
    is plain($stack->mongo->find_one('erp_items', { item_code => 'S3' }))->{stock_qty}, '0.5', 'exactly';

    my $text = ctl(['items', 'import', '-'], "item_code,item_name,barcode\nS4,A,4.00638E+12\nS5,B,4.00638E+12\n", 1);
    like $text, qr/^line \Q$_\E: barcode: "4\.00638E\+12" is a code that a spreadsheet made a number of/m, "line $_" for 2, 3;
    like $text, qr/0 created/, 'two products do not become one';
    like ctl(['items', 'import', '-', '--separator', 'tab', '--decimal', 'comma'], "item_code\tstock_qty\nS1\t1,5\nS2\t2.5\n", 1),
        qr/^line 3: stock_qty: "2\.5" has a point.*1 changed/ms, 'decimal commas';
    is plain($stack->mongo->find_one('erp_items', { item_code => 'S1' }))->{stock_qty}, '1.5', 'are read as such';
    like ctl(['items', 'import', '-'], "item_code,stock_qty\n\"S1,1\nS2,2\n", 1), qr/^line 2: the quote opened on line 2 is never closed/m, 'a quote never closed';
    my $windows = $stack->{stack}->file('windows.csv');
    open my $out, '>:raw', $windows or die;
    print {$out} "item_code,item_name\nS6,\xd6l \x80\n";
    close $out;
    like ctl(['items', 'import', $windows], '', 1), qr/^line 2: field 2 is not UTF-8 .*--encoding windows-1252/m, 'another encoding is told with the remedy';
    ctl(['items', 'import', $windows, '--encoding', 'latin-1']);
    is plain($stack->mongo->find_one('erp_items', { item_code => 'S6' }))->{item_name}, "\x{d6}l \x{20ac}", 'which helps';
    ctl(['items', 'import', $windows, @$_], '', 2) for ['--encoding', 'ebcdic'], ['--decimal', 'dot'], ['--separator', 'ab'];
};

subtest 'a file of quantities alone' => sub {
    $stack->mongo->update('erp_items', { item_code => 'S2' }, { '$set' => { deleted => \1, warehouse => 'W7' } });
    my $before = plain($stack->mongo->find_one('erp_items', { item_code => 'S2' }));
    my $text = ctl(['items', 'import', '-'], "item_code,stock_qty\nS2,42\nS9,1\nS3,.5\n", 1);
    like $text, qr/^line 3: S9 is not there yet, and for a new one the file needs item_name$/m, 'unknown items are refused';
    like $text, qr/^3 rows: 0 created, 1 changed, 1 unchanged, 1 refused$/m, 'known ones changed where they differ';
    my $after = plain($stack->mongo->find_one('erp_items', { item_code => 'S2' }));
    is delete $after->{stock_qty}, 42, 'the books';
    is_deeply $after->{stocks}, [{ warehouse => 'W7', qty => 42 }], 'and the copy of them';
    delete @{$_}{qw(stock_qty stock_row stocks updated_at)} for $before, $after;
    is_deeply $after, $before, 'and nothing else';
    is $stack->mongo->count('erp_items', { item_code => 'S9' }), 0, 'no item without a name';
    $text = ctl(['items', 'import', '-'], "item_code,warehouse,lot,stock_qty\nS2,W7,,5\nS2,W8,,6\nS2,W7,L1,7\nS2,W7,,8\nS2,W8,,6.0\n", 1);
    like $text, qr/^line 5: line 2 says otherwise of the same \(W7 S2\s*\): /m, 'two quantities of one place are none';
    like $text, qr/^5 rows: .* 1 refused$/m, 'those of warehouses and lots are';
    like ctl(['racks', 'import', '-', '--dry-run'], "rack_id,warehouse,floor\nD7,W1,F1\nD7,W1,F2\n", 1), qr/^line 3: line 2 says otherwise of the same \(D7\): /m, 'nor are two floors of a rack';
    like ctl(['racks', 'import', '-'], "rack_id,estimated_items\nR1,1E+1\nR77,3\n", 1), qr/^line 3: R77 is not there yet.*1 changed/ms, 'racks likewise';
    is plain($stack->mongo->find_one('rack_registry', { rack_id => 'R1' }))->{estimated_items}, 10, 'with whole numbers of any spelling';
    like ctl(['users', 'import', '-'], "username,warehouse\nida,W9\nnobody,W1\n", 1), qr/^line 3: full_name: a new user needs one\n.*1 changed/ms, 'users likewise';
};

subtest 'a dry run writes nothing' => sub {
    my %before = map { ($_ => [$stack->mongo->find($_, {})]) } qw(erp_items rack_registry rack_items users);
    my $entries = $stack->mongo->count('activity_logs', {});
    my $text = ctl(['items', 'import', '-', '--dry-run'], "item_code,item_name,stock_qty\nS1,Big bag,9\nD1,New,1\nD2,,1\nS3,Tiny,0.5\n", 1);
    like $text, qr/^line 2: change: S1: stock_qty$/m, 'what would change';
    like $text, qr/^line 3: new: D1$/m, 'what would be added';
    like $text, qr/^line 4: item_name: it is required$/m, 'what would be refused';
    like $text, qr/^4 rows: 1 to create, 1 to change, 1 unchanged, 1 refused; nothing was written$/m, 'and how many';
    like ctl(['racks', 'import', '-', '--dry-run'], "rack_id,warehouse,floor\nD1,W1,F1\nR1,W1,F9\n"), qr/^line 2: new: D1\nline 3: change: R1: floor\n/m, 'racks';
    like ctl(['racks', 'expect', '-', '--dry-run'], "rack_id,item_code,book_qty\nR1,S1,4\nR1,D1,4\n", 1), qr/^line 2: new: R1\tS1$/m, 'what is expected';
    like ctl(['users', 'import', '-', '--dry-run'], "username,full_name,role,password\ndora,Dora,staff,correct horse\nida,Ida Maria,supervisor,other words\n"),
        qr/^line 2: new: dora\nline 3: change: ida: full_name, password\n/m, 'users';
    is_deeply [$stack->mongo->find($_, {})], $before{$_}, "$_ stands as it was" for sort keys %before;
    is $stack->mongo->count('activity_logs', {}), $entries, 'and nothing was done that an audit would tell';
};

subtest "another system's hashes" => sub {
    # "correct horse" and "U*U" under bcrypt
    my $hash = crypt('correct horse', '$2b$05$N9qo8uLOickgx2ZMRZoMye') // '';
    plan skip_all => 'no bcrypt in this crypt()' unless length $hash == 60;
    my $text = ctl(['users', 'import', '-'], "username,full_name,role,password\nhash,Hash,staff,$hash\n", 1);
    like $text, qr/^line 2: password: it is a hash: give it in the column password_hash/m, 'a hash never becomes the password';
    my $csv = "username,full_name,role,password_hash\nhash,Hash,staff,$hash\nbent,Bent,staff,\$2b\$05\$broken\n";
    like ctl(['users', 'import', '-'], $csv, 1), qr/^line 3: password_hash: it is not a whole bcrypt hash\n.*1 created/ms, 'but what it is, in a column of its own';
    is login('hash', $hash)->status, 401, 'not the hash';
    is login('hash', 'correct horse')->status, 200, 'but its password logs in';
    like ctl(['users', 'import', '-'], $csv, 1), qr/0 created, 0 changed, 1 unchanged, 1 refused/, 'again: who has logged in keeps the password';
    is login('hash', 'correct horse')->status, 200, 'which still does';
};

subtest 'what the books expect' => sub {
    my $text = ctl(['racks', 'expect', '-'], "rack_id,item_code,book_qty\nR1,I1,2.5\nR9,I1,1\nR1,I9,1\nR1,I7,\n", 1);
    like $text, qr/^line 3: rack_id: there is no rack R9$/m, 'an unknown rack';
    like $text, qr/^line 4: item_code: there is no item I9$/m, 'an unknown item';
    is plain($stack->mongo->find_one('rack_items', { item_code => 'I1' }))->{book_qty}, '2.5', 'the quantity';
    is plain($stack->mongo->find_one('rack_items', { item_code => 'I7' }))->{book_qty}, undef, 'none known';
    $text = ctl(['racks', 'expect', '-'], "rack_id,item_code,book_qty\nR1,I1,4\nR1,I7,2\nR1,I1,3\nR1,I7,2.0\n", 1);
    like $text, qr/^line 4: line 2 says otherwise of the same \(R1 I1\): /m, 'a row for each bin is no book of a rack';
    like $text, qr/^4 rows: .* 1 refused$/m, 'the same again is no fault';
    is plain($stack->mongo->find_one('rack_items', { item_code => 'I1' }))->{book_qty}, 4, 'the first stands';
};

subtest 'a look into the database keeps secrets' => sub {
    my $text = ctl(['db', 'find', 'users', '{"username":"asha"}']);
    like $text, qr/"username" : "asha"/, 'the document';
    unlike $text, qr/argon2|_hash/, 'without hashes';
    my @lines = split /\n/, ctl(['db', 'find', 'users', '{}', '--sort', '{"username":-1}', '--limit', '2']);
    is scalar @lines, 2, 'the limit';
    like $lines[0], qr/"root"/, 'the order';
    like ctl(['db', 'find', 'users', '{'], '', 1), qr/not JSON/, 'a bad filter';
    unlike ctl(['settings']), qr{mongodb://}, 'settings keep the connection string';
    like ctl(['settings', '--markdown']), qr/RACK_LOCK_TTL/, 'the reference';
};

subtest 'servers that do not answer' => sub {
    plan skip_all => 'the servers are not ours to stop' unless $stack->owns('redis');
    $stack->expect_log(qr/redis/i);
    $stack->stop_part('redis');
    like ctl(['check', $stack->{stack}->check_options], '', 1), qr/^redis +\S+ +(?!ok)/m, 'the check names Redis';
    like ctl(['users', 'set-role', 'asha', 'staff']), qr/Redis could not be told about asha/, 'a change is made and the delay is told';
    $stack->start_part('redis');
};

done_testing;
