package StockVerify::BenchCount;

# A count of many lines on the stack of a benchmark, as a supervisor has it for review, and what follows.
#
#     my $count = StockVerify::BenchCount->new($bench, 20_000);    counted in full, most of it not as the books say, and at rest
#     $count->accept_all;                                          reconciled, every line accepted
#     my $job = $count->approve;                                   the job that did it

use strict;
use warnings;
use StockVerify::Mongo;

my $BATCH = 100;

sub new {
    my ($class, $bench, $lines) = @_;
    my ($boss) = $bench->add_users(1, 'supervisor');
    my ($counter) = $bench->add_users(1);
    $bench->add_racks(1);
    $bench->add_items($lines);
    my $self = bless { bench => $bench, lines => $lines, boss => $boss, counter => $counter }, $class;
    $self->{id} = $self->call(POST => '/api/sessions', { warehouse => 'BENCH', name => 'Bench' })->{session_id};
    $self->wait_for('the book', sub { $self->call(GET => "/api/sessions/$self->{id}")->{book_state} eq 'frozen' });
    my $session = $bench->call(POST => '/api/racks/B00001/claim', $counter, { count_id => $self->{id} })->{session_id};
    $self->count_all($session);
    $bench->call(POST => "/api/sessions/$session/complete", $counter);
    $self->wait_for('the lines', sub { ($self->review('limit=1')->{summary}{by_state}{counted} // 0) == $lines });
    $self->rest;
    return $self;
}

sub boss { return $_[0]{boss} }
sub id   { return $_[0]{id} }
sub call { my ($self, $method, $path, $body) = @_; return $self->{bench}->call($method, $path, $self->{boss}, $body) }
sub review { my ($self, $query) = @_; return $self->call(GET => "/api/sessions/$self->{id}/review?$query") }

sub wait_for {
    my ($self, $what, $is_there) = @_;
    for (1 .. 3000) {
        return if $is_there->();
        select undef, undef, undef, 0.1;
    }
    die "waited in vain for $what\n";
}

# Every item once, some as their books say and most not.
sub count_all {
    my ($self, $session) = @_;
    for my $batch (0 .. $self->{lines} / $BATCH - 1) {
        my @records = map {
            my $item = $batch * $BATCH + $_;
            { client_record_id => "r$item", session_id => $session, item_code => sprintf('BENCH-%05d', $item), verified_qty => $item % 37, status => 'finalized',
              created_at => '2026-01-05T08:00:00Z', updated_at => '2026-01-05T08:00:00Z' }
        } 0 .. $BATCH - 1;
        my $verdict = $self->{bench}->call(POST => '/api/sync/batch', $self->{counter}, { records => \@records });
        die "batch $batch was not stored whole\n" if @{ $verdict->{ok} } != $BATCH;
    }
    return;
}

sub accept_all {
    my ($self) = @_;
    $self->call(POST => '/api/sessions/bulk/reconcile', { session_ids => [$self->{id}] });
    while (my @lines = @{ $self->review('state=undecided&limit=500')->{items} }) {
        my $verdict = $self->call(POST => "/api/sessions/$self->{id}/review/accept", { lines => [map { { item_code => $_->{item_code}, version => $_->{version} } } @lines] });
        die "some lines were not accepted\n" if ($verdict->{accepted} // 0) != @lines;
    }
    return;
}

# Until none of its totals is to be derived any more.
sub rest {
    my ($self) = @_;
    my $bench = $self->{bench};
    my $mongo = StockVerify::Mongo->new(program => "$bench->{build}/mongo-shell", uri => $bench->{stack}{mongodb}, database => $bench->{stack}{database});
    $self->wait_for('the totals', sub { $mongo->count('touched_items', { count_id => $self->{id} }) == 0 });
    return;
}

sub approve {
    my ($self) = @_;
    my $job = $self->call(POST => "/api/sessions/$self->{id}/approve", { note => 'Bench' });
    $self->wait_for('the approval', sub { $job = $self->call(GET => "/api/jobs/$job->{job_id}"); $job->{status} !~ /^(?:queued|running)$/ });
    die "the approval $job->{status}\n" if $job->{status} ne 'succeeded';
    return $job;
}

1;
