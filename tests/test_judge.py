"""What is said of a working: every line against what its writer defined.

A table row is a working and the verdict of each of its lines: g given · r right · c convention · n notation · w wrong · d carried · u undecided · x unread.
"""

from __future__ import annotations


import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symgd.catalogue import problem
from symgd.handcalc.judge import check
from symgd.handcalc.verdict import Verdict

LETTERS = {"g": "given", "r": "right", "c": "convention", "n": "notation", "w": "wrong", "d": "carried", "u": "undecided", "x": "unread"}
LINE = "y_hat = w*x + b\n\nL = (1/n) * sum((y_hat - y)^2)\n\n"
VECTORS = "$$L = \\|Xw - y\\|^2$$\n"


def said(verdict: Verdict) -> str:
    """The verdicts as letters, line by line."""
    words = {v: k for k, v in LETTERS.items()}
    return "".join(words[f.verdict] for f in verdict.findings)

NET = r"$$a_{ih} = \tanh x_{ih}$$ $$\hat y_i = \sum_h a_{ih} v_h$$ $$u_i = \hat y_i - y_i$$ $$L = \frac1n\sum_i u_i^2$$ "
DEEP = r"$$a_{i h_1} = \sum_j x_{ij} V_{j h_1}$$ $$q_{i h_2} = \sum_{h_1} a_{i h_1} W_{h_1 h_2}$$ "
SHARES = r"$$e_{ik} = \exp(z_{ik})$$ $$S_i = \sum_k e_{ik}$$ $$p_{ik} = \frac{e_{ik}}{S_i}$$ $$L = -\sum_i\sum_k t_{ik}\log p_{ik}$$ "
PLANE = r"$$\hat y_i = \sum_j X_{ij} w_j + b$$ $$u_i = \hat y_i - y_i$$ $$L = \frac1n\sum_i u_i^2$$ "


WORKINGS: dict[str, tuple[str, str]] = {
    "a factor that comes in the middle of a chain is a slip": (LINE + "dL/dw = (1/n) * sum(2*(y_hat - y)*x)\n= (1/n) * sum((y_hat - y)*x)", "ggrw"),
    "a factor for the whole line is a convention": (LINE + "dL/dw = (1/n) * sum((y_hat - y)*x)\n= (1/n) * sum((w*x + b - y)*x)", "ggcc"),
    "grad is the gradient where there is one parameter": ("L = mean((w*x - y)^2)\n\ngrad = mean(2*(w*x - y)*x)\n\nw = w - lr*grad", "grr"),
    "a wrong grad is wrong where it stands": ("L = mean((w*x - y)^2)\n\ngrad = mean(2*(y - w*x)*x)\n\nw = w - lr*grad", "gwr"),
    "two columns side by side are multiplied entry by entry": (
        (r"$$z = Wx + b$$ $$\hat y = \sigma(z)$$ $$L = \frac12\|\hat y - y\|^2$$ "
        r"$$\delta = \frac{\partial L}{\partial z} = (\hat y - y)\hat y(1 - \hat y)$$ $$\frac{\partial L}{\partial W} = \delta x^T$$"), "gggrr",
    ),
    "normal equations with m for the count": (r"$$L(\theta) = \frac{1}{2m}\|X\theta - y\|^2$$ $$X^TX\theta = X^Ty$$ $$X^TX\theta = 2X^Ty$$", "grw"),
    "numbers after a new value of a parameter, rounded on the way": (
        ("y_hat_i = w*x_i\n\nL = (1/3) sum_i (y_hat_i - y_i)^2\n\nx = [1, 2, 3], y = [2, 4, 6]\n\nw = 0, L = 18.67, dL/dw = -18.67\n\n"
        "w = 1.867, L = 0.083, dL/dw = -1.244\n\nw = 1.867, L = 0.083, dL/dw = -1.544"), "gggrrw",
    ),
    # roles and definitions from the text
    "a line and its mean of squares": (LINE + "dL/dw = (2/n) * sum((y_hat - y)*x)\n\ndL/db = (2/n) * sum(y_hat - y)", "ggrr"),
    "m and c for w and b": ("MSE = (1/N) * Σ(yᵢ − (mxᵢ + c))²\n\n∂MSE/∂m = (−2/N) * Σ xᵢ(yᵢ − (mxᵢ + c))\n\n∂MSE/∂c = −2/N Σ (yᵢ − (mxᵢ + c))", "grr"),
    "a and b, both parameters": ("S = sum_i((y_i - a - b*x_i)^2)\n\ndS/da = -2*sum_i(y_i - a - b*x_i)", "gr"),
    "two names for the prediction": ("y_hat_i = w*x_i\n\nL = sum_i((h_i - y_i)^2)\n\ndL/dw = 2*sum_i((y_hat_i - y_i)*x_i)", "ggr"),
    "a definition that stands below its use": ("L = u^2\n\ndL/dw = 2*u*x\n\nu = w*x + b - y", "grg"),
    "words for names": ("Error = Actual - Predicted\n\nPredicted = weight * input + bias\n\nLoss = Error^2\n\ndLoss/dweight = -2 * Error * input", "gggr"),
    "a weight with an index before a bracket": (r"$$L = \sum_i g_i(wx_i - y_i)^2$$" + "\n" + r"$$\frac{dL}{dw} = 2\sum_i g_i(wx_i - y_i)x_i$$", "gr"),
    "two features by number": (
        r"$$p_i = w_1x_{i1} + w_2x_{i2}$$ $$L = \sum_i(p_i - y_i)^2$$ $$\frac{\partial L}{\partial w_2} = 2\sum_i(p_i - y_i)x_{i2}$$", "ggr"),
    "the index above and below": (
        r"$$J = \sum_{i}(\sum_j\theta_jx_j^{(i)} - y^{(i)})^2$$ $$\frac{\partial J}{\partial\theta_j} = 2\sum_{i}(\theta^Tx^{(i)} - y^{(i)})x_j^{(i)}$$", "gr"),
    "a dot product is no sum over examples": (
        r"$$net = \sum_j w_jx_j$$ $$o = \sigma(net)$$ $$E = \frac12(t-o)^2$$ $$\frac{\partial E}{\partial w_j} = -(t-o)o(1-o)x_j$$", "gggr"),
    "an index that carries a class": (
        r"$$p_c = \frac{e^{z_c}}{\sum_k e^{z_k}}$$ $$L = -\sum_c y_c\log p_c$$ $$\sum_c y_c = 1$$ $$\frac{\partial L}{\partial z_c} = p_c - y_c$$", "gggr"),
    "d is an intercept where the loss is differentiated by it": (
        (r"$$\hat y_i = kx_i + d$$ $$L = \frac1n\sum_i(\hat y_i - y_i)^2$$ $$\frac{\partial L}{\partial d} = \frac2n\sum_i(kx_i + d - y_i)$$"
        r" $$\frac{\partial L}{\partial k} = \frac2n\sum_i(kx_i + d - y_i)$$ $$d := d - \eta\frac2n\sum_i(kx_i + d - y_i)$$"), "ggrwr"),
    "d is a target where the prediction is compared with it": ("y_hat = w*x + b\n\nE = (1/2)*(d - y_hat)^2\n\ndE/dd = d - y_hat\n\ndE/dw = d - y_hat", "ggrw"),
    # assumed aloud
    "the loss is assumed": ("dL/dw = 2(y_hat - y)*x\n\ny_hat = w*x + b", "rg"),
    "the mean of the data is assumed": ("sum_i((x_i - x_bar)*(y_i - y_bar)) = sum_i(x_i*y_i) - n*x_bar*y_bar", "r"),
    # what cannot be judged is not called wrong
    "a loss that nobody stated": ("dL/dz = (-y/q + (1-y)/(1-q))*q*(1-q)\n\n= -y*(1-q) + (1-y)*q\n\n= q - y", "grr"),
    "the algebra behind it is judged all the same": ("dL/dz = (-y/q + (1-y)/(1-q))*q*(1-q)\n\n= -y*(1-q) - (1-y)*q", "gw"),
    "a derivative given as a number": ("∂E/∂o = −(0.9 − 0.6) = −0.3", "r"),
    "the chain rule of what is unknown": ("dE/dw = dE/do * do/dw", "r"),
    "a name that no definition has": ("L = u^2\n\ndL/dq = 2*u*x", "gu"),
    "not readable": ("$$L = w^2$$ $$\\frac{dL}{dw} = \\int w$$", "gx"),
    "a letter of which nothing is said": ("L = w^2\n\ndL/dw = k*w^3 + q", "gu"),
    # constant factors
    "the 2 left out": (LINE + "dL/dw = (1/n) * sum((y_hat - y)*x)", "ggc"),
    "one example for all": (LINE + "dL/dw = 2*(y_hat - y)*x", "ggc"),
    "a factor 3 is no convention": (LINE + "dL/dw = (3/n) * sum((y_hat - y)*x)", "ggw"),
    # loose writing
    "a parameter with the index of the data": (r"$$\hat y_i = w_ix_i + b_i$$ $$L = \sum_i(\hat y_i - y_i)^2$$", "ng"),
    "brackets after Σ left out": (LINE + "dL/db = (2/n) * Σ w*x + b - y", "ggn"),
    "n lost is no loose writing": ("S_xx = sum_i((x_i - x_bar)^2)\n\nS_xx = Σ x_i^2 - x_bar^2", "gw"),
    "y where ŷ is meant": ("y_hat = w*x + b\n\nL = (y_hat - y)^2\n\ndy/dw = x", "ggn"),
    # wrong, and what follows from it
    "the exponent kept": (LINE + "dL/dw = (2/n) * sum((y_hat - y)^2*x)", "ggw"),
    "the gradient of w for b": (LINE + "dL/db = (2/n) * sum((y_hat - y)*x)", "ggw"),
    "carried in the same line": ("L = w^2 + w\n\ndL/dw = 2*w + 2\n\n= 2*(w + 1)", "gwd"),
    "carried by the chain rule": ("z = w*x\n\nL = z^3\n\ndL/dz = 2*z^2\n\ndL/dw = 2*z^2*x", "ggwd"),
    "a wrong line and a right one after it": ("L = w^3\n\ndL/dw = 2*w^2\n\ndL/dw = 3*w^2", "gwr"),
    # updates
    "downhill": (LINE + "w := w - eta*dL/dw\n\nw := w - eta*(2/n)*sum((y_hat - y)*x)", "gggr"),
    "uphill": (LINE + "w := w + eta*dL/dw", "ggw"),
    "by the wrong gradient": (LINE + "b := b - eta*dL/dw", "ggw"),
    "new and old": (LINE + "w_new = w_old - eta*(2/n)*sum((w_old*x + b_old - y)*x)", "ggr"),
    "momentum is not judged": (LINE + "v := beta*v + dL/dw\n\nw := w - eta*v", "gggg"),
    "a penalty is no learning rate": (
        "f = (1/2)*sum_i((w*x_i - y_i)^2) + (lambda/2)*w^2\n\nw := w - eta*(sum_i((w*x_i - y_i)*x_i) + lambda*w)", "gr"),
    # numbers
    "to the digits that are printed": ("53/3 = 17.67\n\n53/3 = 17.6\n\n53/3 = 17.7\n\n53/3 = 17.5", "rrrw"),
    "rounded or cut off, not one unit up": ("e^1 = 2.7\n\nexp(1) = 2.71\n\nexp(1) = 2.8\n\n-exp(1) = -2.8\n\nexp(1) ≈ 2.8\n\nexp(1) ≈ 2.9", "rrwwrw"),
    "numbers put in": ("x = 2, y = 7, w = 1, b = 0\n\ny_hat = w*x + b = 1*2 + 0 = 2\n\ny_hat - y = 2 - 7 = -5", "grr"),
    "one step on numbers": ("w = 1\n\nw = 1 - 0.1*(-9.333) = 1.9333", "gr"),
    "the sum of one step is wrong": ("w = 1\n\nw = 1 - 0.1*(-9.333) = 0.0667", "gw"),
    "uphill in numbers": ("w = 2\n\ndL/dw = 4\n\nw = 2 + 0.1*4 = 2.4", "ggw"),
    "lists": ("x = [1, 2, 3], w = 2\n\nw*x = [2, 4, 6]\n\nw*x = [2, 4, 5]", "grw"),
    "an approximation": ("exp(1) ≈ 2.718\n\nexp(1) ≈ 2.9", "rw"),
    "the value of f′": ("f(w) = w^2 - 6*w\n\nf'(5) = 2*5 - 6 = 4\n\nf'(4) = 3", "grw"),
    "a value at a place": (r"$$L = (w-3)^2$$ $$\left.\frac{dL}{dw}\right|_{w=1} = -4$$ $$\left.\frac{dL}{dw}\right|_{w=0} = 6$$", "grw"),
    # calculus without any loss
    "primes": ("u = x^2, v = ln(x)\n\n(uv)' = u'v + uv'\n\n(uv)' = u'v'", "grw"),
    "a second derivative": ("J(w) = 4*w^2 - 8*w\n\nJ' = 8*w - 8\n\nJ'' = 8\n\nJ'' = 4", "grrw"),
    "logarithms of what is positive": ("log(p/q) = log(p) - log(q)\n\nlog(p+q) = log(p) + log(q)", "rw"),
    "a difference quotient": ("f(x) = x^2\n\n(f(x+h) - f(x))/h = ((x+h)^2 - x^2)/h = 2*x + h", "gr"),
    "any function f": ("z = w*x + b\n\na = f(z)\n\nE = (1/2)*(a - y)^2\n\ndE/dw = (a - y)*f'(z)*x\n\ndE/dx = (a - y)*f'(z)", "gggrw"),
    "sine and cosine": ("sin(x)^2 + cos(x)^2 = 1\n\nsin(x)^2 - cos(x)^2 = 1", "rg"),
    # where the gradient is zero
    "normal equations": (
        ("S = sum_i((y_i - w*x_i - b)^2)\n\nsum_i(y_i) - w*sum_i(x_i) - n*b = 0\n\nb = y_bar - w*x_bar\n\n"
         "w = sum_i((x_i - x_bar)*(y_i - y_bar))/sum_i((x_i - x_bar)^2)"), "grrr"),
    "a closed form that is upside down": ("L = sum_i((w*x_i - y_i)^2)\n\nw = sum_i(x_i^2)/sum_i(x_i*y_i)", "gw"),
    # vectors and matrices
    "a gradient in matrices": (VECTORS + "$$\\nabla_w L = 2X^T(Xw - y)$$ $$X^TXw = X^Ty$$ $$w = (X^TX)^{-1}X^Ty$$", "grrr"),
    "a transpose lost": (VECTORS + "$$\\nabla_w L = 2X(Xw - y)$$", "gw"),
    "products do not commute": (VECTORS + "$$\\nabla_w L = 2X^TXw - 2yX^T$$", "gw"),
    "any matrix A": ("$$q(v) = v^TAv$$ $$\\nabla q(v) = (A + A^T)v$$ $$\\nabla q(v) = 2Av$$", "grw"),
    "a matrix of numbers that is symmetric": (
        "$$A = \\begin{pmatrix}2 & 1\\\\ 1 & 4\\end{pmatrix}$$ $$f(x) = \\frac12x^TAx$$ $$\\nabla f(x) = Ax$$", "ggr"),
    "as in NumPy": ("loss = np.mean((X @ w + b - y)**2)\n\ndw = 2/n * X.T @ (X @ w + b - y)\n\ndb = 2/n * np.sum(X @ w + b - y)", "grr"),
    "a vector for each sample": (r"$$J = \sum_i(\theta^Tx_i - y_i)^2$$ $$\nabla_\theta J = 2X^T(X\theta - y)$$", "gr"),
    "two layers in matrices": (
        ("$$Z = XV$$ $$H = \\tanh(Z)$$ $$\\hat y = Hw$$ $$L = \\|\\hat y - y\\|^2$$ $$\\frac{\\partial L}{\\partial w} = 2H^T(\\hat y - y)$$ "
         "$$\\frac{\\partial L}{\\partial V} = X^T\\left(2(\\hat y - y)w^T \\odot (1 - H\\odot H)\\right)$$"), "ggggrr"),
    "a gradient by entries": ("f(x,y) = x^2*y + 3*y\n\n$$\\nabla f = (2xy, x^2 + 3)$$", "gr"),
    # networks
    "deltas": (
        ("z = w*x + b\n\na = sigmoid(z)\n\nC = (1/2)*(a - y)^2\n\n$$\\delta = \\frac{\\partial C}{\\partial z} = (a - y)a(1 - a)$$\n\n"
         "$$\\frac{\\partial C}{\\partial w} = \\delta x$$ $$\\frac{\\partial C}{\\partial b} = \\delta x$$"), "gggrrw"),
    # several definitions
    "a second definition announced": ("L = (w*x - y)^2\n\ndL/dw = 2*(w*x - y)*x\n\nNow consider another loss: L = |w*x - y|", "grg"),
    "a second definition that contradicts": ("L = (w*x - y)^2\n\nL = (w*x + y)^2", "gw"),
    "rows that go on": (r"\begin{align}L &= (wx - y)^2\\ &= w^2x^2 - 2wxy + y^2\\ &= w^2x^2 - wxy + y^2\end{align}", "grw"),
    "two workings in one text": (
        ("L = (1/n)*sum((w*x - y)^2)\n\nw := w - eta*(2/n)*sum((w*x - y)*x)\n\nS = sum((y - k*x)^2)\n\nk = sum(x*y)/sum(x^2)\n\nk = sum(x^2)/sum(x*y)\n\n"
         "k := k - eta*2*sum((k*x - y)*x)\n\nk := k + eta*2*sum((k*x - y)*x)\n\ndS/dk = sum((k*x - y)*x)"), "grgrwrwc"),
    "two losses of one parameter": (
        ("L = (w*x - y)^2\n\nJ = (w*x - y)^2 + lambda*w^2\n\nw := w - eta*2*(w*x - y)*x\n\nw := w - eta*(2*(w*x - y)*x + 2*lambda*w)\n\n"
         "w := w - eta*(2*(w*x - y)*x + lambda*w)"), "ggrrw"),
    "a closed form of the second loss in matrices": (
        VECTORS + "$$S = (y - X\\beta)^T(y - X\\beta)$$ $$\\hat\\beta = (X^TX)^{-1}X^Ty$$ $$\\hat\\beta = (XX^T)^{-1}X^Ty$$", "ggrw"),
    "a likelihood is climbed": (
        ("$$p_i = \\sigma(wx_i)$$ $$\\ell = \\sum_i(y_i\\log p_i + (1 - y_i)\\log(1 - p_i))$$ $$w := w + \\eta\\sum_i(y_i - p_i)x_i$$ "
         "$$w := w + \\eta\\frac{d\\ell}{dw}$$ $$w := w + \\eta\\sum_i(y_i + p_i)x_i$$"), "ggrgw"),
    "its negative is not climbed": (
        "$$p_i = \\sigma(wx_i)$$ $$J = -\\sum_i(y_i\\log p_i + (1 - y_i)\\log(1 - p_i))$$ $$w := w + \\eta\\sum_i(p_i - y_i)x_i$$", "ggw"),
    "the square of a vector is that of its length": (
        ("$$h = \\sigma(W_1x + b_1)$$ $$\\hat y = W_2h + b_2$$ $$L = \\frac12(\\hat y - y)^2$$ $$\\frac{\\partial L}{\\partial h} = W_2^T(\\hat y - y)$$ "
         "$$\\frac{\\partial L}{\\partial W_2} = (\\hat y + y)h^T$$"), "gggrw"),
    "an intercept is solved for, by the slope": (
        ("$$E = \\frac12\\sum_i(mx_i + c - y_i)^2$$ $$\\frac{\\partial E}{\\partial m} = m\\sum_i x_i^2 + c\\sum_i x_i - \\sum_i x_iy_i$$ "
         "$$\\frac{\\partial E}{\\partial c} = m\\sum_i x_i + nc - \\sum_i y_i$$ $$c = \\bar y - m\\bar x$$ $$c = \\bar y + m\\bar x$$"), "grrrw"),
    "the identity needs no definition": (
        "$$J = \\|Xw - y\\|^2 + \\lambda\\|w\\|^2$$ $$w = (X^TX + 2\\lambda I)^{-1}X^Ty$$ $$w = (X^TX + \\lambda I)^{-1}X^Ty$$", "gwr"),
    "what is defined is the prediction of two words for targets": (
        "price = w*area + b\n\ncost = sum((price - actual)^2)\n\ndcost/dw = 2*sum((price - actual)*area)\n\ndcost/db = 2*sum(actual - price)", "ggrw"),
    "old and new in German": ("F = sum((a*x_i - y_i)^2)\n\na_neu = a_alt - η*∂F/∂a\n\na_neu = a_alt + η*∂F/∂a", "ggw"),
    "the targets of each example sum to one": (
        ("$$L = -\\frac1n\\sum_i\\sum_k y_{ik}\\log p_{ik}$$ $$p_{ik} = \\frac{e^{z_{ik}}}{\\sum_l e^{z_{il}}}$$ $$z_{ik} = \\sum_j w_{kj}x_{ij}$$ "
         "$$\\frac{\\partial L}{\\partial w_{kj}} = \\frac1n\\sum_i(p_{ik} - y_{ik})x_{ij}$$ "
         "$$\\frac{\\partial L}{\\partial w_{kj}} = \\frac1n\\sum_i(p_{ik} + y_{ik})x_{ij}$$"), "gggrw"),
    "numbered parameters are solved for": (
        ("S = Σ(yi - b0 - b1*xi)^2\n\n∂S/∂b0 = -2 Σ(yi - b0 - b1*xi) = 0\n\n∂S/∂b1 = -2 Σ xi(yi - b0 - b1*xi) = 0\n\n"
         "b1 = (n*Σxi*yi - Σxi*Σyi)/(n*Σxi^2 - (Σxi)^2)\n\nb1 = (n*Σxi*yi - Σxi*Σyi)/(n*Σxi^2 + (Σxi)^2)"), "grrrw"),
    # manners of the wild
    "several exercises with one name": ("1. y = 3x + 2, dy/dx = 3\n\n2. y = x^2 sin x, dy/dx = 2x sin x + x^2 cos x\n\n3. y = e^{x^2}, dy/dx = e^{x^2}", "rrw"),
    "values at a place are no identities": ("f(x, y) = x^2 + x*y\n\n∂f/∂x = 2x + y\n\nAt (1, 2): ∂f/∂x = 4", "grg"),
    "a constant derivative is one": ("f(x) = x^2\n\ndf/dx = 2", "gw"),
    "a function of which only the name is known": ("E = (t - o)^2/2\n\no = s(net)\n\nnet = v*h\n\ndE/do = o - t\n\ndE/dv = (o - t)*o*(1 - o)*h", "gggru"),
    "a model is no definition of its target": ("y = α + βx\n\nS = Σ(y_i − α − βx_i)²\n\n∂S/∂β = −2Σ(y_i − α − βx_i)", "ggw"),
    "gradients in words": ("L(w) = ||Xw - y||^2\n\ngrad L = 2 X^T (Xw - y)\n\ngrad L = X^T (Xw - y)", "grc"),
    "second gradients": ("$$J = \\frac12\\|Xw-y\\|^2$$ $$\\nabla^2 J = X^TX$$ $$\\nabla^2 J = XX^T$$", "grw"),
    "symmetric by the words": ("Let A be a symmetric matrix.\n\n$$q(v) = v^TAv$$ $$\\nabla q(v) = 2Av$$", "gr"),
    "symmetric by a line": ("$$A = A^T$$ $$q(v) = v^TAv$$ $$\\nabla q(v) = 2Av$$ $$\\nabla q(v) = Av$$", "ggrw"),
    "symmetrisch": ("Die Matrix A sei symmetrisch und positiv definit.\n\n$$q(v) = v^TAv$$ $$\\nabla q(v) = 2Av$$", "gr"),
    "said not to be symmetric": ("Sei A nicht symmetrisch.\n\n$$q(v) = v^TAv$$ $$\\nabla q(v) = 2Av$$", "gw"),
    "a half in front supposes symmetry": ("$$f(x) = \\frac12x^TAx - b^Tx$$ $$\\nabla f(x) = Ax - b$$ $$\\nabla f(x) = 2Ax - b$$", "gnw"),
    "a quotient of forms supposes symmetry": (
        "$$R(w) = \\frac{w^TAw}{w^Tw}$$ $$\\nabla R = \\frac{2}{w^Tw}(Aw - Rw)$$ $$\\nabla R = \\frac{2}{w^Tw}(Aw + Rw)$$", "gnw"),
    "the dot product of two lists": ("w = [0.5, -0.2], x = [1, 3]\n\nw·x = 0.5*1 + (-0.2)*3 = -0.1\n\nw·x = 0.1", "grw"),
    "covariance over variance": ("S = sum_i((y_i - a - b*x_i)^2)\n\nb = Cov(x,y)/Var(x)\n\na = y_bar - b*x_bar\n\nb = Var(x)/Cov(x,y)", "grrw"),
    "primes that are transposes": ("e = y - Xb\n\ne'e = y'y - 2b'X'y + b'X'Xb\n\nd(e'e)/db = -2X'y + 2X'Xb\n\nd(e'e)/db = -2X'y + X'Xb", "grrw"),
    "a letter for the square": ("mu = (1/n)*sum(x)\n\nsigma^2 = (1/n)*sum((x - mu)^2) = (1/n)*sum(x^2) - mu^2", "gg"),
    # back-propagation with names for the sensitivities, and remarks behind the formulas
    "a remark behind && is no factor": (
        (NET + r"$$\begin{aligned}\delta_i &:= \frac{\partial L}{\partial \hat y_i} &&\text{its name from here on} \\"
         r" &= \frac{\partial L}{\partial u_i}\cdot\frac{\partial u_i}{\partial \hat y_i} &&\text{chain rule} \\ &= \frac{2u_i}{n}\end{aligned}$$"
         r" $$\frac{\partial L}{\partial v_h} = \sum_i\delta_i\frac{\partial\hat y_i}{\partial v_h} = \sum_i\delta_i a_{ih}$$"), "gggggrrr"),
    "a slip behind the same names": (
        (NET + r"$$\begin{aligned}\delta_i &:= \frac{\partial L}{\partial \hat y_i} &&\text{its name from here on} \\"
         r" &= \frac{\partial L}{\partial u_i}\cdot\frac{\partial u_i}{\partial \hat y_i} &&\text{chain rule} \\ &= \frac{2u_i^2}{n}\end{aligned}$$"
         r" $$\frac{\partial L}{\partial v_h} = \sum_i\delta_i\frac{\partial\hat y_i}{\partial v_h} = \sum_i\delta_i x_{ih}$$"), "gggggrww"),
    "two equations in one row": (r"\begin{align}u &= wx - y & L &= u^2 \\ \frac{dL}{du} &= 2u & \frac{dL}{dw} &= 2u\end{align}", "gw"),
    "a remark after a gap that has a formula in it": (r"$$L = (wx - y)^2 \qquad \text{how fast }\hat{y}\text{ changes}$$ $$\frac{dL}{dw} = 2(wx - y)x$$", "gr"),
    "numbered letters are axes where a sum runs over them": (DEEP + r"$$\frac{\partial q_{i h_2}}{\partial a_{i h_1}} = W_{h_1 h_2}$$", "ggr"),
    "numbered letters in the wrong order": (DEEP + r"$$\frac{\partial q_{i h_2}}{\partial W_{h_1 h_2}} = a_{i h_2}$$", "ggw"),
    "a label that looks like a number is a label": (
        (r"$$S_{\mathrm{1y}} = \sum_i x_i y_i$$ $$S_{\mathrm{2y}} = \sum_i x_i^2 y_i$$"
        r" $$S_{\mathrm{2y}} = \sum_i y_i x_i^2$$ $$S_{\mathrm{2y}} = \sum_i x_i y_i$$"), "ggrw"),
    # ∂ along a definition
    "∂ with a name held": (
        (SHARES + r"$$\frac{\partial p_{ik}}{\partial e_{ik}} = \frac1{S_i}$$ $$\frac{\partial L}{\partial e_{ik}} = \frac{\partial L}{\partial S_i}\cdot"
         r"\frac{\partial S_i}{\partial e_{ik}} + \frac{\partial L}{\partial p_{ik}}\cdot\frac{\partial p_{ik}}{\partial e_{ik}}$$"), "ggggrr"),
    "a path of it left out, or its value wrong": (
        (SHARES + r"$$\frac{\partial p_{ik}}{\partial e_{ik}} = \frac1{S_i^2}$$ $$\frac{\partial L}{\partial e_{ik}} = "
         r"\frac{\partial L}{\partial p_{ik}}\cdot\frac{\partial p_{ik}}{\partial e_{ik}}$$"), "ggggww"),
    "d is the whole derivative": (SHARES + r"$$\frac{d p_{ik}}{d e_{ik}} = \frac1{S_i}$$", "ggggw"),
    "nothing is held for a parameter": (
        (r"$$\hat y = wx$$ $$L = (\hat y - y)^2 + \lambda w^2$$ $$\frac{\partial L}{\partial w} = 2\lambda w$$"
        r" $$\frac{\partial L}{\partial w} = 2(\hat y - y)x + 2\lambda w$$"), "ggwr"),
    # places and sets are no claims
    "where something holds is no claim": ("u = w*x - y\n\nL = |u|^3\n\nThe pieces meet at u = −δ and u = δ.\n\nu = δ", "ggggw"),
    "a set of slopes": ("| kink at | slopes |\n|---|---|\n| $u$ = 0 | \\[−1, 1\\] |\n\nL = w^2\n\ndL/dw = 2*w", "gr"),
    # matrices beside indices
    "entries and matrices of one working": (
        (PLANE + r"$$\hat{\mathbf y} = \mathbf X\mathbf w + b\mathbf 1$$ $$\mathbf u = \hat{\mathbf y} - \mathbf y$$"
         r" $$\frac{\partial L}{\partial w_j} = \frac2n\sum_i u_iX_{ij}$$"
         r" $$\nabla_{\mathbf w}L = \frac2n\mathbf X^\top\mathbf u$$ $$\frac{\partial L}{\partial b} = \frac2n\mathbf 1^\top\mathbf u$$"), "gggrrrrr"),
    "slips among entries and matrices": (
        (PLANE + r"$$\mathbf u = \hat{\mathbf y} - \mathbf y$$ $$\frac{\partial L}{\partial w_j} = \frac2n\sum_i u_i$$"
         r" $$\nabla_{\mathbf w}L = \frac2n\mathbf X\mathbf u$$ $$\frac{\partial L}{\partial b} = \frac2n\mathbf X^\top\mathbf u$$"), "gggrwww"),
    "an expression that the next line goes on from": (
        r"$$L = (wx - y)^2$$ $$\frac{dL}{dw} = 2(wx - y)x$$ $$\begin{aligned}& (a + b)^2 \\ &= a^2 + 2ab + b^2 \\ &= a^2 + ab + b^2\end{aligned}$$", "grgrw"),
    "a closed form of a loss that is not stated": ("l'(q) = sum_i(x_i)/q - n\n\n$$\\hat q = \\bar x$$", "gg"),
}  # fmt: skip


SOFTMAX, NETWORK = "softmax-cross-entropy", "network-1-hidden-mse"
NAMED = [
    ("plane-mse", r"\nabla_w L = \frac2n X^\top (Xw + b - y)", "r"),
    ("plane-mse", r"\nabla_w L = \frac2n X (Xw + b - y)", "w"),
    ("plane-mse", r"\frac{\partial L}{\partial b} = \frac2n \sum_i (\hat y_i - y_i)", "r"),
    ("plane-mse", r"\frac{\partial L}{\partial b} = \frac1n \sum_i (\hat y_i - y_i)", "c"),
    ("ridge", r"\nabla_w L = \frac2n X^\top (Xw + b - y) + 2 \lambda w", "r"),
    ("ridge", r"\nabla_w L = \frac2n X^\top (Xw + b - y) + \lambda w", "w"),
    ("line-ridge", r"\frac{\partial L}{\partial w} = \frac2n \sum_i (w x_i + b - y_i) x_i + 2 \lambda w", "r"),
    (SOFTMAX, r"\frac{\partial L}{\partial W_{jk}} = \frac1n \sum_i (p_{ik} - t_{ik}) x_{ij}", "r"),
    (SOFTMAX, r"\frac{\partial L}{\partial W_{jk}} = \frac1n \sum_i (\hat y_{ik} - y_{ik}) x_{ij}", "r"),
    (SOFTMAX, r"\nabla_W L = \frac1n X^\top (p - t)", "r"),
    (SOFTMAX, r"\nabla_W L = \frac1n X^\top (\hat Y - Y)", "r"),
    (SOFTMAX, r"\nabla_W L = \frac1n X^\top (t - p)", "w"),
    (SOFTMAX, r"\nabla_W L = \frac1n (p - t) X^\top", "w"),
    (SOFTMAX, r"\frac{\partial L}{\partial b_k} = \sum_i (p_{ik} - t_{ik})", "c"),
    (NETWORK, r"\frac{\partial L}{\partial b_2} = \frac2n \sum_i (\hat y_i - y_i)", "r"),
    (NETWORK, r"\frac{\partial L}{\partial w_{2,h}} = \frac2n \sum_i (\hat y_i - y_i) a_{1,ih}", "r"),
]


@pytest.mark.parametrize(("name", "line", "verdict"), NAMED)
def test_a_line_about_a_problem_of_the_catalogue_may_use_the_usual_letters(name: str, line: str, verdict: str) -> None:
    assert said(check(f"$${line}$$", problem(name))) == verdict


@pytest.mark.parametrize("name", WORKINGS)
def test_every_line_of_a_working_gets_its_verdict(name: str) -> None:
    text, verdicts = WORKINGS[name]
    v = check(text)
    assert said(v) == verdicts, [(f.line.text, f.verdict, f.says) for f in v.findings]


# ---------------------------------------------------------------- beside the verdicts


@pytest.mark.parametrize(
    ("text", "assumed"),
    [
        ("dL/dw = 2(y_hat - y)*x\n\ny_hat = w*x + b", ("L is the (y_hat - y)^2 of one sample",)),
        ("sum_i(x_i - x_bar) = 0", ("x_bar is the mean of x",)),
        ("z = w*x\n\na = f(z)\n\nda/dw = f'(z)*x", ("f is any function of z",)),
        (LINE, ()),
        ("L = (w*x - y)^2\n\ndL/dw = 2*(w*x - y)*x", ()),
    ],
)
def test_what_is_missing_is_assumed_aloud(text: str, assumed: tuple[str, ...]) -> None:
    assert check(text).assumed == assumed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (LINE + "dL/dw = (2/n) * sum((y_hat - y)^2*x)", "dL/dw = 2*sum((y_hat - y)*x)/n"),
        ("L = w^3\n\ndL/dw = 2*w^2", "dL/dw = 3*w^2"),
        ("53/3 = 17.5", "53/3 = 17.6667"),
        (LINE + "w := w + eta*dL/dw", "w := w - eta*(dL/dw)"),
        (LINE + "w ← w + eta*dL/dw", "w ← w − η dL/dw"),
        (LINE + "w = w + eta*dL/dw", "w = w - eta*(dL/dw)"),
        (LINE + r"$$w \gets w + \eta\frac{dL}{dw}$$", r"w \gets w - \eta \frac{\mathrm{d} L}{\mathrm{d} w}"),
    ],
)
def test_a_wrong_line_is_put_right_in_the_letters_of_its_writer(text: str, expected: str) -> None:
    last = check(text).findings[-1]
    assert (last.verdict, last.expected) == ("wrong", expected)


def test_a_wrong_line_has_numbers_at_which_its_sides_differ() -> None:
    last = check("L = (w*x - y)^2\n\ndL/dw = 2*(w*x + y)*x").findings[-1]
    place = {name: float(value) for name, value in last.counterexample or ()}
    w, x, y = place["w"], place["x"], place["y"]
    assert place["left"] == pytest.approx(2 * (w * x - y) * x, rel=1e-4)
    assert place["right"] == pytest.approx(2 * (w * x + y) * x, rel=1e-4)
    assert place["left"] != place["right"]


def test_a_convention_names_its_factor() -> None:
    assert check(LINE + "dL/dw = (1/n) * sum((y_hat - y)*x)").findings[-1].factor == "1/2"
    assert check(LINE + "dL/dw = 2 * sum((y_hat - y)*x)").findings[-1].factor == "n"


def test_a_named_problem_is_what_a_line_is_held_against() -> None:
    lines = "dL/dw = (2/n) * sum((y_hat - y)*x)\n\ndL/dw = (2/n) * sum((y_hat + y)*x)"
    v = check(lines, problem("line-mse"))
    assert (v.problem, said(v)) == ("line-mse", "rw")


def test_what_is_let_completes_what_is_written() -> None:
    v = check("dL/dw = 3*(p - y)^2*x", let=("p = w*x", "L = (p - y)^3"))
    assert said(v) == "r"
    assert said(check("dL/dw = 3*(p - y)^2", let=("p = w*x", "L = (p - y)^3"))) == "w"


@given(st.permutations("wbxyLn"), st.sampled_from(("", "_1", "_a")))
@settings(max_examples=12, deadline=None)
def test_a_working_has_the_same_verdicts_whatever_the_name_of_its_loss_and_residual(order: list[str], tail: str) -> None:
    loss, rest = ("L", "J", "E", "C", "Q", "S")["wbxyLn".index(order[0])], ("u", "e", "r")["wbxyLn".index(order[1]) % 3]
    text = f"{rest}{tail} = w*x + b - y\n\n{loss} = {rest}{tail}^2\n\nd{loss}/dw = 2*{rest}{tail}*x\n\nd{loss}/db = 2*{rest}{tail}*x"
    assert said(check(text)) == "ggrw"


def test_the_first_wrong_line_is_named() -> None:
    assert check("L = w^3\n\ndL/dw = 2*w^2\n\ndL/dw = w^2").first_wrong == 2
    assert check(LINE).first_wrong is None


def test_the_same_text_gives_the_same_bytes() -> None:
    text = "\n\n".join(t for t, _ in WORKINGS.values() if "x" not in t[:2])[:1000]
    assert check(text).to_json() == check(text).to_json()


@pytest.mark.parametrize("word", ["with", "where", "mit", "wobei", "und", "avec", "donde"])
def test_a_word_between_two_formulas_parts_them_in_several_languages(word: str) -> None:
    assert said(check(f"∂L/∂w = 2(wx+b−y)·x {word} L = (wx+b−y)²")) == "rg"


def test_what_goes_on_from_a_side_that_was_not_read_is_not_called_wrong() -> None:
    text = r"""
$$\hat y_i = w x_i + b$$
$$L = \frac1n \sum_i (\hat y_i - y_i)^2$$
$$\frac{\partial L}{\partial w} = \frac2n \sum_i (\hat y_i - y_i) x_i$$
$$\oiint L = 5$$
$$= 7 w$$
"""
    assert [f.verdict for f in check(text).findings][-2:] == ["unread", "undecided"]


def test_what_goes_on_after_a_member_that_was_not_read_is_judged_against_the_left_side() -> None:
    text = r"""
$$L = \frac1n \sum_i (w x_i + b - y_i)^2$$
$$\begin{aligned}\frac{\partial L}{\partial b} &= \frac1n \sum_i 2(w x_i + b - y_i)\\ &= \weird{3}\\ &= \frac3n \sum_i (w x_i + b - y_i)\end{aligned}$$
"""
    assert [f.verdict for f in check(text).findings][1:] == ["right", "unread", "wrong"]


@pytest.mark.parametrize("mark", ["L'(w)", r"L^{\prime}(w)", r"L^\prime(w)", "L′(w)"])
def test_a_prime_is_read_however_it_is_typed(mark: str) -> None:
    text = r"$$L = \frac1n \sum_i (w x_i - y_i)^2$$" + "\n" + rf"$${mark} = \frac2n \sum_i (w x_i - y_i) x_i$$"
    assert [f.verdict for f in check(text).findings] == ["given", "right"]
