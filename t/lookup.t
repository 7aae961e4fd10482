# Finding items: by any of their codes, by what labels say, and by names like what was typed.
use utf8;

use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack(settings => { ITEM_UNKNOWN_TTL => 1 });
my $asha = $stack->login('staff');
my $boss = $stack->login('supervisor');
my $warehouse = $asha->user->{warehouse};
my $gs = "\x1d";

sub import_items {
    my ($csv) = @_;
    my ($text, $status) = $stack->ctl(['items', 'import', '-'], $csv);
    is $status, 0, 'imported' or diag $text;
    return;
}

sub lookup {
    my ($code, %query) = @_;
    return $asha->get('/api/erp/items/barcode/' . Mojo::Util::url_escape(Mojo::Util::encode('UTF-8', $code), '^A-Za-z0-9\-._~'),
        query => \%query);
}

sub found { my ($answer) = @_; return $answer->data && $answer->data->{item} && $answer->data->{item}{item_code} }

import_items(<<"CSV");
item_code,item_name,barcode,barcodes,manual_barcode,warehouse,stock_qty,category
L-UPC,Zirconium widget,036000291452,,,$warehouse,12.5,Rice
L-EAN,Křehká žížala,4006381333931,,,$warehouse,7,Sweets
L-MANY,Xylophone grease,9501101530003,LT-1|LT-2,HAND 7,$warehouse,3,Tea
L-ONE,Twin one,TWIN,,,$warehouse,1,Twins
L-TWO,Twin two,TWIN,,,$warehouse,2,Twins
10D9T,A lot like a label,,,,$warehouse,4,Odd
CSV

subtest 'codes' => sub {
    is lookup('L-ONE')->data->{source}, 'db', 'from the database the first time';
    for my $case (['L-UPC', 'L-UPC'], ['036000291452', 'L-UPC'], ['0036000291452', 'L-UPC'], ['00036000291452', 'L-UPC'],
        ['4006381333931', 'L-EAN'], ['04006381333931', 'L-EAN'], ['LT-2', 'L-MANY'], ['HAND 7', 'L-MANY'], ['10D9T', '10D9T']) {
        my ($code, $item) = @$case;
        my $answer = lookup($code);
        is $answer->status, 200, "$code is found" or diag $answer->text;
        is found($answer), $item, "as $item";
        like $answer->data->{source}, qr/^(?:db|cache)$/, 'in the database, or already in the cache';
        is_deeply $answer->data->{matches}, [], 'nothing to choose from';
        is lookup($code)->data->{source}, 'cache', 'then in the cache';
    }
    my $item = lookup('L-UPC')->data->{item};
    is $item->{stock_qty}, 12.5, 'the stock of the own warehouse';
    is $item->{warehouse}, $warehouse, 'which is told';
    is lookup('L-UPC', warehouse => 'elsewhere')->data->{item}{stock_qty}, undef, "another's is not known";
    for my $name (qw(item_code barcode manual_barcode warehouse floor rack location verified verified_by verified_at stock_qty
        verified_qty variance damaged_qty non_returnable_damaged_qty sales_price brand_name supplier_name image_url item_name
        description barcodes category subcategory uom pack_qty packs unit_cost serial_tracked lot_tracked delisted)) {
        ok exists $item->{$name}, "it has $name";
    }
    is_deeply $item->{barcodes}, ['036000291452'], 'barcodes are a list';
};

subtest 'a code that two items have' => sub {
    my $data = lookup('TWIN')->data;
    is $data->{item}, undef, 'none is chosen';
    is_deeply [sort map { $_->{item}{item_code} } @{ $data->{matches} }], ['L-ONE', 'L-TWO'], 'both are told';
    is_deeply [map { $_->{score} } @{ $data->{matches} }], [1, 1], 'neither is surer';
};

subtest 'what labels say' => sub {
    for my $text ("]C10109501101530003" . "10AB-12${gs}17261231${gs}3724", "(01)09501101530003(10)AB-12(17)261231(37)24",
        "[)>\x1e06\x1d9P09501101530003\x1d1TAB-12\x1dQ24\x1e\x04") {
        my $answer = lookup($text);
        my $scan = $answer->data->{scan};
        is $scan->{lot}, 'AB-12', 'the lot' or diag $answer->text;
        next if $scan->{kind} eq 'mh10';
        is found($answer), 'L-MANY', 'the item';
        is $scan->{gtin}, '09501101530003', 'the article';
        is $scan->{expiry_date}, '2026-12-31', 'the expiry';
        is $scan->{quantity}, 24, 'the quantity';
    }
};

subtest 'unknown codes' => sub {
    my $answer = lookup('(01)04006381333955(10)X1');
    is $answer->status, 404, 'unknown' or diag $answer->text;
    is $answer->code, 'item_unknown', 'the code';
    is lookup('%')->status, 404, 'a sign';
    is lookup('x' x 900)->status, 404, 'a long one';
    is $stack->client->get('/api/erp/items/barcode/1')->status, 401, 'nobody is told nothing';
};

subtest 'names like it' => sub {
    wait_until { (((lookup('Zircanium widgt')->data->{matches}[0] || {})->{item} || {})->{item_code} // '') eq 'L-UPC' } 30, 'the index to be made';
    my $data = lookup('Zircanium widgt')->data;
    is $data->{item}, undef, 'no item has such a code';
    is $data->{source}, 'fuzzy', 'by its name';
    is $data->{matches}[0]{item}{item_code}, 'L-UPC', 'the one that was meant';
    for my $case (['krehka zizala', 'L-EAN'], ['widget zirconium', 'L-UPC'], ['Xylophone gre', 'L-MANY']) {
        my $answer = $asha->get('/api/erp/items/search', query => { q => $case->[0] });
        is $answer->status, 200, "$case->[0]" or diag $answer->text;
        is $answer->data->{index}, 'ready', 'searched';
        is $answer->data->{matches}[0]{item}{item_code}, $case->[1], "finds $case->[1]";
    }
    my $first = $asha->get('/api/erp/items/search', query => { q => 'HAND 7', limit => 1 })->data->{matches};
    is $first->[0]{item}{item_code}, 'L-MANY', 'an exact code goes first';
    ok $first->[0]{exact}, 'and says so';
    is scalar @$first, 1, 'no more than asked for';
    is $asha->get('/api/erp/items/search')->status, 400, 'nothing to look for';
    is $asha->get('/api/erp/items/search', query => { q => ' ' })->status, 400, 'blanks';
};

subtest 'an import is seen' => sub {
    is lookup('NEW-CODE')->status, 404, 'unknown';
    lookup('L-UPC');
    import_items("item_code,item_name,barcode,warehouse,stock_qty\nL-UPC,Zirconium gadget,036000291452,$warehouse,99\nL-NEW,Quinoa,NEW-CODE,$warehouse,1\n");
    wait_until { lookup('L-UPC')->data->{item}{stock_qty} == 99 } 15, 'the cache to be void';
    is lookup('L-UPC')->data->{item}{item_name}, 'Zirconium gadget', 'its new name';
    wait_until { (found(lookup('NEW-CODE')) // '') eq 'L-NEW' } 15, 'the new item';
    wait_until { grep { $_->{item}{item_code} eq 'L-NEW' } @{ $asha->get('/api/erp/items/search', query => { q => 'quinoa' })->data->{matches} } } 15,
        'the new name';
    import_items("item_code,barcode\nL-NEW,OTHER-CODE\n");
    wait_until { (found(lookup('OTHER-CODE')) // '') eq 'L-NEW' && (found(lookup('NEW-CODE')) // '') eq '' } 15, 'an old barcode to go';
};

subtest 'lists' => sub {
    my (%seen, $cursor);
    do {
        my $page = $asha->get('/api/erp/items', query => { limit => 200, $cursor ? (cursor => $cursor) : () });
        is $page->status, 200, 'a page' or diag $page->text;
        $seen{ $_->{item_code} }++ for @{ $page->data->{items} };
        $cursor = $page->data->{next_cursor};
        ok $page->data->{next_since}, 'when to go on from';
    } while ($cursor);
    is_deeply [grep { $_ > 1 } values %seen], [], 'each once';
    ok $seen{'L-NEW'} && $seen{'10D9T'}, 'all are there';
    is $asha->get('/api/erp/items', query => { since => '2099-01-01T00:00:00Z' })->data->{items}[0], undef, 'nothing changed since';

    my $one = $asha->get('/api/erp/items/L-UPC');
    is $one->status, 200, 'one item' or diag $one->text;
    is $one->data->{stock_qty}, 99, 'its stock';
    is_deeply $one->data->{racks}, [], 'expected nowhere';
    is $asha->get('/api/erp/items/NOT-THERE')->code, 'item_unknown', 'none';
    my $rack = $stack->rack;
    my $expected = $asha->get("/api/racks/$rack/items")->data->{items}[0];
    my ($there) = grep { $_->{rack_id} eq $rack } @{ $boss->get("/api/erp/items/$expected->{item_code}")->data->{racks} };
    ok $there->{expected}, 'where it is expected';
    is $there->{book_qty}, $expected->{book_qty}, 'and how much';
};

subtest 'a storm of one unknown code' => sub {
    wait_until { lookup('L-UPC')->data->{source} eq 'cache' } 15, 'the master to be quiet';
    my @answers = $stack->parallel(map { [$asha, GET => '/api/erp/items/barcode/STORM-99'] } 1 .. 1000);
    is_deeply [grep { $_->status != 404 && !($_->status == 200 && $_->data->{source} eq 'fuzzy') } @answers], [], 'all are told the same';
};

subtest 'a blind count' => sub {
    import_items("item_code,item_name,barcode,warehouse,stock_qty\nL-SECRET,Secret,SECRET,$warehouse,424242\n");
    wait_until { (found(lookup('SECRET')) // '') eq 'L-SECRET' } 15, 'the item';
    is lookup('SECRET')->data->{item}{stock_qty}, 424242, 'the book is told';
    my $count = $boss->post('/api/sessions', { warehouse => $warehouse, blind => \1 });
    is $count->status, 201, 'a blind count is opened' or diag $count->text;
    my $answer = lookup('SECRET');
    ok $answer->data->{blind}, 'said to be blind';
    for my $path ('/api/erp/items/barcode/SECRET', '/api/erp/items/L-SECRET', '/api/erp/items/search?q=Secret', '/api/erp/items?limit=500') {
        for (1 .. 2) {
            my $text = $asha->get($path)->body;
            unlike $text, qr/424242/, "$path tells no book quantity";
            like $text, qr/"blind":true/, 'and says so';
            unlike $text, qr/"(?:variance|stock_qty|verified_qty)"/, 'nor what was counted';
        }
    }
    is $boss->get('/api/erp/items/barcode/SECRET', query => { warehouse => $warehouse })->data->{item}{stock_qty}, 424242,
        'a supervisor sees it';
    is $boss->post('/api/sessions/bulk/close', { session_ids => [$count->data->{session_id}], force => \1 })->status, 200, 'closed';
    is lookup('SECRET')->data->{item}{stock_qty}, 424242, 'told again';
};

done_testing;
