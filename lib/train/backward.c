/* SPDX-License-Identifier: MIT */
/* The way back of a program: what runs, what it reads, how long that lives. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "train/program.h"

/* What a node's backward pass reads beside the gradient of its output. */
enum { SAVE_IN = 1, SAVE_OUT = 2, SAVE_AUX = 4 };
static const unsigned saved[NODE_KINDS] = {
	[NODE_RMSNORM] = SAVE_IN | SAVE_AUX,
	[NODE_LAYERNORM] = SAVE_IN | SAVE_AUX,
	[NODE_QKNORM] = SAVE_IN | SAVE_AUX,
	[NODE_LINEAR] = SAVE_IN,
	[NODE_ATTENTION] = SAVE_IN | SAVE_OUT | SAVE_AUX,
	[NODE_GLU] = SAVE_IN,
	[NODE_ACT] = SAVE_IN,
};

/* What is known of each tensor while gradients are added. */
struct way {
	struct program *p;
	int *gradient; /* its gradient's tensor, or -1 */
	int *again;    /* the tensor it is made again in, or -1 */
	bool *written; /* has the gradient something in it? */
};

static int
new_tensor(struct program *p, int like)
{
	p->tensor[p->tensors] = (struct tensor){ .width = p->tensor[like].width,
		.aux = p->tensor[like].aux,
		.first = -1,
		.last = -1 };
	return (int)p->tensors++;
}

/* The gradient of tensor t, made when first asked for. */
static int
gradient(struct way *w, int t)
{
	if (t >= 0 && w->gradient[t] < 0)
		w->gradient[t] = new_tensor(w->p, t);
	return t < 0 ? -1 : w->gradient[t];
}

static int kept(struct way *w, int t);

/* Node x once more, its output in the tensor `out`. */
static void
run_again(struct way *w, const struct node *x, int out)
{
	struct program *p = w->p;
	struct node copy = *x;

	copy.in = x->in == x->out ? out : kept(w, x->in);
	copy.in2 = kept(w, x->in2);
	copy.out = out;
	if (x->aux >= 0 && p->tensor[x->aux].recompute)
		copy.aux = w->again[x->aux] = new_tensor(p, x->aux);
	p->back[p->backs++] = (int)(p->nodes + p->again);
	p->node[p->nodes + p->again++] = copy;
}

/*
 * Where tensor t is to be found on the way back: it was kept, or the nodes
 * that made it run again now.
 */
static int
kept(struct way *w, int t)
{
	struct program *p = w->p;
	size_t i;

	if (t < 0 || !p->tensor[t].recompute)
		return t;
	for (i = 0; i < p->nodes && w->again[t] < 0; i++)
		if (p->node[i].aux == t)
			kept(w, p->node[i].out);
	if (w->again[t] >= 0)
		return w->again[t];
	w->again[t] = new_tensor(p, t);
	for (i = 0; i < p->nodes; i++)
		if (p->node[i].out == t)
			run_again(w, &p->node[i], w->again[t]);
	return w->again[t];
}

/* A node's way back, in the order in which these are met. */
static void
turn(struct way *w, size_t i)
{
	struct program *p = w->p;
	struct node *x = &p->node[i];

	if (saved[x->kind] & SAVE_IN)
		x->kept_in = kept(w, x->in);
	if (saved[x->kind] & SAVE_OUT)
		x->kept_out = kept(w, x->out);
	if (saved[x->kind] & SAVE_AUX)
		x->kept_aux = kept(w, x->aux);
	x->gin = gradient(w, x->in);
	x->gin2 = gradient(w, x->in2);
	x->gout = x->kind == NODE_LOSS ? -1 : gradient(w, x->out);
	x->add_in = x->in >= 0 && w->written[x->in];
	x->add_in2 = x->in2 >= 0 && w->written[x->in2];
	if (x->in >= 0)
		w->written[x->in] = true;
	if (x->in2 >= 0)
		w->written[x->in2] = true;
	if (x->kind == NODE_ATTENTION && x->param != PARAM_NONE) {
		x->gaux = new_tensor(p, x->aux);
		p->tensor[x->gaux].width = 2 * p->config.heads;
	}
	p->back[p->backs++] = (int)i;
}

static void
touch(struct program *p, int t, int time)
{
	struct tensor *x;

	if (t < 0)
		return;
	x = &p->tensor[t];
	if (x->first < 0 || time < x->first)
		x->first = time;
	if (time > x->last)
		x->last = time;
}

static void
touch_forward(struct program *p, const struct node *x, int time)
{
	touch(p, x->in, time);
	touch(p, x->in2, time);
	touch(p, x->out, time);
	touch(p, x->aux, time);
}

static void
touch_backward(struct program *p, const struct node *x, int time)
{
	touch(p, x->gin, time);
	touch(p, x->gin2, time);
	touch(p, x->gout, time);
	touch(p, x->gaux, time);
	touch(p, x->kept_in, time);
	touch(p, x->kept_out, time);
	touch(p, x->kept_aux, time);
}

static void
find_lives(struct program *p)
{
	int n = (int)p->nodes, i;
	size_t k;

	for (i = 0; i < n; i++) {
		touch_forward(p, &p->node[i], i);
		/* The loss makes its input's gradient on the way forward. */
		if (p->node[i].kind == NODE_LOSS)
			touch(p, p->node[i].gin, i);
	}
	for (k = 0; k < p->backs; k++) {
		i = p->back[k];
		if (i >= n)
			touch_forward(p, &p->node[i], n + (int)k);
		else if (p->node[i].kind != NODE_LOSS)
			touch_backward(p, &p->node[i], n + (int)k);
	}
}

/* Room for one number a tensor that the forward pass has, all -1. */
static int *
numbers(size_t n)
{
	int *x = malloc(n * sizeof(*x));

	if (x)
		memset(x, -1, n * sizeof(*x));
	return x;
}

int
program_backward(struct program *p, struct err *e)
{
	struct way w = { .p = p };
	size_t i;
	int rc = 0;

	if (p->backward) {
		w.gradient = numbers(p->tensors);
		w.again = numbers(p->tensors);
		w.written = calloc(p->tensors, sizeof(*w.written));
		if (!w.gradient || !w.again || !w.written)
			rc = err_nomem(e, "the model program");
		for (i = p->nodes; rc == 0 && i-- > 0;)
			turn(&w, i);
	}
	free(w.gradient);
	free(w.again);
	free(w.written);
	if (rc == 0)
		find_lives(p);
	return rc;
}
