package StockVerify::Approval;

# A stack whose ERP takes adjustments, and counts of items that stand on no rack by the books: whoever counts them on a
# rack and completes it has counted them in full.
#
#     my $approval = StockVerify::Approval->new($stack);
#     $approval->erp('UPDATE stock ...');                  the ERP's SQLite file
#     my $count = $approval->open_count;                   of the whole warehouse, its book frozen
#     $approval->count($count, $user, 'ADJ-1' => 7, ...);  on a rack of its own, completed
#     $approval->reconcile($count); $approval->accept($count);
#     my $answer = $approval->approve($count);

use strict;
use warnings;
use Mojo::Base -base, -signatures;
use StockVerify::Test ();
use Test::More;

my ($made, $AT) = (0, '2026-01-05T08:00:00Z');

sub new ($class, $stack) {
    my $self = bless { stack => $stack, boss => $stack->login('supervisor'), admin => $stack->login('admin') }, $class;
    $self->{people} = [map { $stack->login('staff') } 1 .. 3];
    $self->{warehouse} = ($stack->demo('racks'))[0]{warehouse};
    return $self;
}

sub stack ($self) { return $self->{stack} }
sub boss ($self)  { return $self->{boss} }
sub admin ($self) { return $self->{admin} }
sub mongo ($self) { return $self->{stack}->mongo }
sub warehouse ($self) { return $self->{warehouse} }

# Runs statements in the ERP; rows as texts.
sub erp ($self, $sql) {
    open my $shell, '-|', 'sqlite3', '-bail', '-cmd', '.timeout 20000', $self->{stack}{stack}->file('erp.sqlite'), $sql or die "sqlite3: $!\n";
    chomp(my @rows = <$shell>);
    close $shell or die "sqlite3 refused: $sql\n";
    return @rows;
}

# Items with stock, in the ERP and imported; {code => quantity}.
sub stock ($self, %quantity) {
    for my $code (sort keys %quantity) {
        $self->erp("INSERT INTO items VALUES ('$code', 'Item $code', NULL, 'Adjusted', 'PCS', 2.5, 0, datetime('now'));"
            . "INSERT INTO stock VALUES ('$code', '$self->{warehouse}', NULL, $quantity{$code}, datetime('now'))");
    }
    $self->import_erp('--full');
    return;
}

sub import_erp ($self, @options) {
    my ($out, $status) = $self->{stack}->ctl(['erp', 'import', @options]);
    is $status, 0, 'an import is asked for' or diag $out;
    my $job = $self->await_job(StockVerify::Test::job_id_in($out));
    is $job->{status}, 'succeeded', 'and made' or diag explain $job->{error};
    return;
}

sub await_job ($self, $id) {
    my $job;
    StockVerify::Test::wait_until { $job = $self->mongo->find_one('jobs', { job_id => $id }); !$job->{pending} } 120, "job $id to end";
    return $job;
}

# What the ERP has of it; what it was told, as "line delta".
sub quantity ($self, $code) { return 0 + ($self->erp("SELECT coalesce(sum(qty), 0) FROM stock WHERE code = '$code'"))[0] }
sub posted ($self, $adjustment) { return $self->erp("SELECT line || ' ' || delta FROM adjustments WHERE adjustment_id = '$adjustment' ORDER BY line") }

sub open_count ($self, %count) {
    my $answer = $self->{boss}->post('/api/sessions', { warehouse => $self->{warehouse}, %count });
    is $answer->status, 201, 'a count is opened' or diag $answer->text;
    my $id = $answer->data->{session_id};
    StockVerify::Test::wait_until { ($self->mongo->find_one('sessions', { session_id => $id }) || {})->{book_state} eq 'frozen' } 60, 'its book';
    return $id;
}

sub records ($self, $session, %quantity) {
    return map { { client_record_id => 'adj-' . ++$made . "-$_", session_id => $session, item_code => $_, verified_qty => $quantity{$_},
        status => 'finalized', created_at => $self->{at} || $AT, updated_at => $self->{at} || $AT } } sort keys %quantity;
}

# Counts them on a rack of their own and completes it; the floor session.
sub count ($self, $count, $who, %quantity) {
    my $user = $self->{people}[$who];
    my $session = $self->begin($count, $who, %quantity);
    is $user->post("/api/sessions/$session/complete")->status, 200, 'completed';
    return $session;
}

sub begin ($self, $count, $who, %quantity) {
    my $user = $self->{people}[$who];
    my $claim = $user->post('/api/racks/' . $self->{stack}->rack . '/claim', { count_id => $count });
    my $session = $claim->data->{session_id};
    return $session unless %quantity;
    my @records = $self->records($session, %quantity);
    while (my @batch = splice @records, 0, 100) {
        my $data = $user->post('/api/sync/batch', { records => \@batch })->data;
        is scalar @{ $data->{ok} }, scalar @batch, 'counted' or diag explain $data;
    }
    return $session;
}

sub reconcile ($self, $count) {
    my $answer = $self->{boss}->post('/api/sessions/bulk/reconcile', { session_ids => [$count] });
    ok $answer->data->{results}[0]{success}, 'reconciled' or diag $answer->text;
    return;
}

sub settled ($self, $count) {
    return StockVerify::Test::wait_until { !$self->mongo->count('touched_items', { count_id => $count }) } 60, 'the totals';
}

# Every line that waits for it, as it stands, by an administrator.
sub accept ($self, $count) {
    $self->settled($count);
    my ($cursor, @lines);
    do {
        my $page = $self->{admin}->get("/api/sessions/$count/review", query => { limit => 500, $cursor ? (cursor => $cursor) : () })->data;
        push @lines, grep { $_->{undecided} } @{ $page->{items} };
        $cursor = $page->{next_cursor};
    } while ($cursor);
    while (my @some = splice @lines, 0, 100) {
        my $answer = $self->{admin}->post("/api/sessions/$count/review/accept",
            { lines => [map { { item_code => $_->{item_code}, lot => $_->{lot}, version => $_->{version} } } @some] });
        is $answer->status, 200, 'accepted' or diag $answer->text;
    }
    return;
}

sub approve ($self, $count, %more) {
    return $self->{boss}->post("/api/sessions/$count/approve", { note => 'Year end', %more }, headers => { Prefer => 'wait=30' });
}

# Counted, reconciled, accepted and approved: the adjustment.
sub approved ($self, %quantity) {
    my $count = $self->open_count;
    $self->count($count, 0, %quantity);
    $self->reconcile($count);
    $self->accept($count);
    my $answer = $self->approve($count);
    is $answer->status, 201, 'approved' or diag $answer->text;
    return $count;
}

sub adjustment ($self, $id, %query) {
    my $answer = $self->{boss}->get("/api/adjustments/$id", query => { limit => 500, %query });
    is $answer->status, 200, 'the adjustment' or diag $answer->text;
    return $answer->data;
}

sub await_status ($self, $id, $status) {
    my $found;
    StockVerify::Test::wait_until { $found = $self->mongo->find_one('adjustments', { adjustment_id => $id }); $found->{status} eq $status } 60, "$id to be $status";
    return $found;
}

1;
